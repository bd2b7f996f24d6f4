//go:build vision

package main

import (
	"math"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/vision/opencv"
)

// config is the program's settings.
type config struct {
	models     opencv.Config
	maxCameras int
	interval   time.Duration // between two frames of one camera that are looked at
	workers    int           // frames looked at concurrently, over all cameras
	repeat     time.Duration // between two reports of one face that stays
	memory     int64         // bytes of memory above which no further camera is accepted; 0: any
}

// settings are what Configure takes.
func settings() []drivers.Field {
	return []drivers.Field{
		{
			Key:      "models_dir",
			Kind:     drivers.FieldPath,
			Title:    "Folder of the models",
			TitleZH:  "模型目录",
			Required: true,
			Help:     "Where deploy/setup/assets.sh put them; the other paths are relative to it.",
			HelpZH:   "deploy/setup/assets.sh 放置模型的目录；其他路径相对于此目录。",
		},
		{
			Key:     "detector",
			Kind:    drivers.FieldPath,
			Title:   "Face detector",
			TitleZH: "人脸检测模型",
			Default: "fr_detect.onnx",
			Help:    "An Ultra-Light RFB or a YuNet model in ONNX form.",
			HelpZH:  "Ultra-Light RFB 或 YuNet 的 ONNX 模型。",
		},
		{
			Key:     "landmarks",
			Kind:    drivers.FieldPath,
			Title:   "Face landmarks",
			TitleZH: "人脸关键点模型",
			Default: "fr_landmark.onnx",
			Help:    "68 points; not used with YuNet.",
			HelpZH:  "68 点；使用 YuNet 时不需要。",
		},
		{
			Key:     "embedder",
			Kind:    drivers.FieldPath,
			Title:   "Face embedding",
			TitleZH: "人脸特征模型",
			Default: "fr_feature.onnx",
			Help:    "Faces enrolled with another model must be enrolled again.",
			HelpZH:  "更换模型后须重新登记人脸。",
		},
		{
			Key:     "antispoof",
			Kind:    drivers.FieldPath,
			Title:   "Liveness model",
			TitleZH: "活体检测模型",
			Help: "MiniFASNet of 128x128; left empty, photographs held before a camera are not " +
				"told from faces.",
			HelpZH: "128x128 的 MiniFASNet；留空则无法识别照片冒充。",
		},
		{
			Key:     "ort_library",
			Kind:    drivers.FieldPath,
			Title:   "ONNX Runtime",
			TitleZH: "ONNX Runtime 库",
			Default: "../onnxruntime/libonnxruntime.so.1",
			Help:    "The shared library's file.",
			HelpZH:  "动态库文件。",
		},
		{
			Key:     "max_cameras",
			Title:   "Cameras at most",
			TitleZH: "摄像机上限",
			Default: "16",
			Help: "A restart of this program takes all of its cameras; give further ones to a " +
				"second program.",
			HelpZH: "程序重启会影响其全部摄像机；更多摄像机请使用第二个程序。",
		},
		{
			Key:     "fps",
			Title:   "Frames a second",
			TitleZH: "每秒分析帧数",
			Default: "5",
			Help: "How many frames of each camera are looked at; newer frames replace those " +
				"that there was no time for.",
			HelpZH: "每台摄像机每秒分析的帧数；来不及处理的帧由新帧取代。",
		},
		{
			Key:     "workers",
			Title:   "Workers",
			TitleZH: "并行数",
			Default: "0",
			Help:    "Frames looked at at once over all cameras; 0 is one for each core.",
			HelpZH:  "同时分析的帧数；0 表示每个核心一个。",
		},
		{
			Key:     "smallest_face",
			Title:   "Smallest face, pixels",
			TitleZH: "最小人脸（像素）",
			Default: "48",
			Help: "Pictures in which one look finds only larger faces are searched in " +
				"overlapping tiles. Faces under 48 pixels are followed, and never recognised.",
			HelpZH: "一次分析只能找到更大人脸的画面会分块重叠搜索。小于 48 像素的人脸只跟踪、不识别。",
		},
		{
			Key:     "detector_runs",
			Title:   "Looks for one picture at most",
			TitleZH: "每帧检测次数上限",
			Default: "6",
			Help: "What tiles may cost: 16:9 takes 1, upright 3 and 32:9 4. What is found with " +
				"it is said as each camera's smallest_face.",
			HelpZH: "分块搜索的开销上限：16:9 为 1 次，竖屏 3 次，32:9 为 4 次。每台摄像机的 smallest_face 显示实际能找到的最小人脸。",
		},
		{
			Key:     "cameras_memory_mib",
			Title:   "Memory for cameras, MiB",
			TitleZH: "摄像机内存（MiB）",
			Default: "1536",
			Help: "While this program holds so much, a further camera is refused; 0 takes " +
				"every one. Keep it under memory_mib in the gateway's configuration, at which " +
				"the program is ended.",
			HelpZH: "程序占用达到该值时拒绝新增摄像机；0 表示不限制。应小于网关配置中的 memory_mib，达到后者时程序会被结束。",
		},
		{
			Key:     "repeat",
			Title:   "Repeat after, seconds",
			TitleZH: "重复上报间隔（秒）",
			Default: "15",
			Help:    "A face that stays in view is reported again after so long.",
			HelpZH:  "停留在画面中的人脸每隔该时间再次上报。",
		},
	}
}

// parseSettings applies defaults and rejects unknown keys.
func parseSettings(in map[string]string) (config, error) {
	known := map[string]string{}
	for _, f := range settings() {
		known[f.Key] = f.Default
	}
	for k, v := range in {
		if _, ok := known[k]; !ok {
			return config{}, gatehouse.FieldErrorf(k, "the camera program has no such setting")
		}
		if v != "" {
			known[k] = v
		}
	}
	dir := known["models_dir"]
	if dir == "" {
		return config{}, gatehouse.FieldErrorf("models_dir",
			"give the folder of the models; deploy/setup/assets.sh puts them into .cache/models")
	}
	path := func(key string) string {
		p := known[key]
		if p == "" || filepath.IsAbs(p) {
			return p
		}
		return filepath.Join(dir, p)
	}
	c := config{models: opencv.Config{
		Library:   path("ort_library"),
		Detector:  path("detector"),
		Landmarks: path("landmarks"),
		Embedder:  path("embedder"),
		AntiSpoof: path("antispoof"),
	}}
	for _, n := range []struct {
		key      string
		min, max float64
		whole    bool
		set      func(float64)
	}{
		{"max_cameras", 1, 256, true, func(v float64) { c.maxCameras = int(v) }},
		{"fps", 0.2, 30, false, func(v float64) {
			c.interval = time.Duration(float64(time.Second) / v)
		}},
		{"workers", 0, 256, true, func(v float64) { c.workers = int(v) }},
		{"smallest_face", 16, 400, false, func(v float64) { c.models.Tiling.Face = v }},
		{"detector_runs", 1, 24, true, func(v float64) { c.models.Tiling.Runs = int(v) }},
		{"cameras_memory_mib", 0, 1 << 20, true, func(v float64) { c.memory = int64(v) << 20 }},
		{"repeat", 1, 3600, false, func(v float64) {
			c.repeat = time.Duration(v * float64(time.Second))
		}},
	} {
		v, err := strconv.ParseFloat(known[n.key], 64)
		if err != nil || !(v >= n.min && v <= n.max) || n.whole && v != math.Trunc(v) {
			return config{}, gatehouse.FieldErrorf(n.key, "%q is not a number from %v to %v",
				known[n.key], n.min, n.max)
		}
		n.set(v)
	}
	if c.workers == 0 {
		c.workers = runtime.NumCPU()
	}
	return c, nil
}

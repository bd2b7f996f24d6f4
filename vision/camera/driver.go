//go:build vision

package main

import (
	"context"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/vision"
	"github.com/gatehouse-iot/gatehouse/vision/opencv"
)

// driver serves cameras. Its models are loaded once, by Configure, and shared by all.
type driver struct {
	mu      sync.Mutex
	setup   *setup // nil before Configure
	cameras map[gatehouse.DeviceID]*camera
}

// setup is the state that Configure creates.
type setup struct {
	config
	models     *opencv.Models
	photoChain vision.Chain
	chain      vision.Chain
	slots      chan struct{} // semaphore of config.workers
	photos     chan struct{} // semaphore of one: a photograph may need much memory

	reader    photoReader
	pictures  vision.PictureTimes
	connected atomic.Int64 // number of connected cameras
}

func newDriver() *driver {
	return &driver{cameras: map[gatehouse.DeviceID]*camera{}}
}

// profileID is the ID of the profile that the driver comes with.
const profileID = "rtsp-camera"

// Describe implements drivers.Driver.
func (d *driver) Describe() drivers.Description {
	zero, one := 0.0, 1.0
	return drivers.Description{
		Name:     "camera",
		Title:    "Cameras with face recognition (RTSP)",
		TitleZH:  "人脸识别摄像机（RTSP）",
		Version:  "0.1.0",
		Settings: settings(),
		Address: []drivers.Field{
			{
				Key:      "url",
				Title:    "Stream address",
				TitleZH:  "视频流地址",
				Required: true,
				Kind:     drivers.FieldURL,
				Options:  []string{"rtsp", "rtsps"},
				Help: "rtsp://host:554/path, without name and password; the path is in the " +
					"camera's manual.",
				HelpZH: "rtsp://主机:554/路径，不含用户名和密码；路径见摄像机说明书。",
			},
			{Key: "username", Title: "User name", TitleZH: "用户名"},
			{
				Key:     "password",
				Title:   "Password",
				TitleZH: "密码",
				Secret:  true,
			},
		},
		Profiles: []gatehouse.Profile{{
			ID:           profileID,
			Title:        "RTSP camera",
			TitleZH:      "RTSP 摄像机",
			Type:         gatehouse.TypeCamera,
			Sightings:    []gatehouse.Method{gatehouse.ByFace},
			OfflineAfter: 30,
			Properties: map[string]gatehouse.Property{
				"fps": {
					Title:   "Frames looked at",
					TitleZH: "分析帧率",
					Type:    "number",
					Unit:    "1/s",
					Minimum: &zero,
				},
				"faces": {
					Title:   "Faces in view",
					TitleZH: "画面中人脸数",
					Type:    "number",
					Unit:    "{face}",
					Minimum: &zero,
				},
				"detect_ms": {
					Title:   "Detector, for each frame",
					TitleZH: "每帧检测耗时",
					Type:    "number",
					Unit:    "ms",
					Minimum: &zero,
				},
				"dropped": {
					Title:   "Frames there was no time for",
					TitleZH: "来不及分析的帧",
					Type:    "number",
					Unit:    "1/s",
					Minimum: &zero,
				},
				"smallest_face": {
					Title:   "Smallest face found here",
					TitleZH: "可找到的最小人脸",
					Type:    "number",
					Unit:    "{pixel}",
					Minimum: &zero,
				},
				"memory_mib": {
					Title:   "Memory, its share of the camera program's",
					TitleZH: "内存（占摄像机程序的份额）",
					Type:    "number",
					Unit:    "MiB",
					Minimum: &zero,
				},
				"latency_ms": {
					Title:   "From arrival to result",
					TitleZH: "处理延迟",
					Type:    "number",
					Unit:    "ms",
					Minimum: &zero,
				},
				"picture": {
					Title:   "Picture",
					TitleZH: "画面状态",
					Type:    "string",
					Enum:    pictureEnum(),
				},
				"spoof": {
					Title:   "Faces taken for pictures",
					TitleZH: "疑似照片比例",
					Type:    "number",
					Unit:    "1",
					Minimum: &zero,
					Maximum: &one,
				},
			},
			Actions: map[string]gatehouse.Action{
				"snapshot": {
					Title: "Take a snapshot", TitleZH: "抓拍", Input: map[string]gatehouse.Property{
						"faces": {
							Title:   "Draw the faces",
							TitleZH: "标出人脸",
							Type:    "boolean",
						},
					},
				},
			},
		}},
	}
}

// Configure implements drivers.Configurer: it loads the models.
func (d *driver) Configure(_ context.Context, in map[string]string) error {
	c, err := parseSettings(in)
	if err != nil {
		return err
	}
	m, err := opencv.Open(c.models)
	if err != nil {
		return err
	}
	s := &setup{
		config:     c,
		models:     m,
		chain:      m.Chain(),
		photoChain: m.PhotoChain(),
		slots:      make(chan struct{}, c.workers),
		photos:     make(chan struct{}, 1),
		reader:     newPhotoReader(),
		pictures:   vision.DefaultPictureTimes(),
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.cameras) > 0 {
		m.Close()
		return gatehouse.Errorf(gatehouse.Conflict,
			"the camera program is at work; restart it to change its settings")
	}
	if d.setup != nil {
		d.setup.models.Close()
	}
	d.setup = s
	return nil
}

// ready returns the setup, or an error while there is none.
func (d *driver) ready() (*setup, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.setup == nil {
		return nil, gatehouse.FieldErrorf("models_dir",
			"the camera program has no models yet: set models_dir in its settings")
	}
	return d.setup, nil
}

// work runs f in a worker slot; it blocks until one is free or ctx ends.
func (s *setup) work(ctx context.Context, f func() error) error {
	select {
	case s.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-s.slots }()
	return f()
}

// Connect implements drivers.Driver.
func (d *driver) Connect(ctx context.Context, dev drivers.Device, emit drivers.Emit) error {
	s, err := d.ready()
	if err != nil {
		return err
	}
	a, err := parseAddress(dev)
	if err != nil {
		return err
	}
	c := newCamera(s, gatehouse.NewID("trk"))
	if err := d.enter(dev.ID, c, s); err != nil {
		return err
	}
	defer d.leave(dev.ID, c)
	return c.run(ctx, a, emit)
}

// enter admits a camera if neither the number of cameras nor the memory limit is reached.
func (d *driver) enter(id gatehouse.DeviceID, c *camera, s *setup) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, ok := d.cameras[id]; ok {
		return gatehouse.Errorf(gatehouse.Conflict, "camera %q is being served already", id)
	}
	if n := len(d.cameras); n >= s.maxCameras {
		return gatehouse.Errorf(gatehouse.Unavailable,
			"this camera program serves %d cameras already, its max_cameras: raise that setting, "+
				"or give the camera to a second camera program",
			n)
	}
	if held, ok := resident(); ok && s.memory > 0 && held >= s.memory {
		return gatehouse.Errorf(gatehouse.Unavailable,
			"this camera program holds %d MiB of memory for %d cameras already, its "+
				"cameras_memory_mib is %d: raise that setting, or give the camera to a second "+
				"camera program",
			held>>20, len(d.cameras), s.memory>>20)
	}
	d.cameras[id] = c
	s.connected.Store(int64(len(d.cameras)))
	return nil
}

func (d *driver) leave(id gatehouse.DeviceID, c *camera) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.cameras[id] == c {
		delete(d.cameras, id)
		c.setup.connected.Store(int64(len(d.cameras)))
	}
}

// Command implements drivers.Commander: "snapshot" of a camera, "enrol" and "model" of the program.
func (d *driver) Command(ctx context.Context, c drivers.Command) (drivers.Result, error) {
	s, err := d.ready()
	if err != nil {
		return drivers.Result{}, err
	}
	switch {
	case c.Device == "" && c.Action == "enrol":
		return s.enrol(ctx, c.Data)
	case c.Device == "" && c.Action == "model":
		return drivers.Result{
			Message: "what measures faces",
			Values:  map[string]gatehouse.Value{"model": gatehouse.StringValue(s.models.Name())},
		}, nil
	case c.Device != "" && c.Action == "snapshot":
		d.mu.Lock()
		cam := d.cameras[c.Device]
		d.mu.Unlock()
		if cam == nil {
			return drivers.Result{}, gatehouse.Errorf(gatehouse.Unavailable,
				"the camera is not connected")
		}
		draw, _ := c.Values["faces"].Bool()
		return cam.snapshot(ctx, draw, time.Now())
	}
	return drivers.Result{}, gatehouse.Errorf(gatehouse.NotFound,
		"the camera program has no action %q here; a camera has \"snapshot\", the program itself "+
			"\"enrol\" and \"model\"",
		c.Action)
}

// probeTime limits a probe.
const probeTime = 15 * time.Second

// Probe implements drivers.Prober: it connects and waits for one picture.
func (d *driver) Probe(ctx context.Context, dev drivers.Device) (drivers.Probe, error) {
	a, err := parseAddress(dev)
	if err != nil {
		return drivers.Probe{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	var p trial
	err = play(ctx, a, sink{pictures: p.take})
	if p.done() {
		return d.withReach(p.result())
	}
	if err == nil { // probeTime is over
		err = gatehouse.Errorf(gatehouse.Unavailable,
			"the camera sent no complete picture within %v; %s", probeTime,
			gatehouse.Word(keyFrameMend))
	}
	return drivers.Probe{}, err
}

// withReach adds to a probe's result which faces are found in pictures of this size.
func (d *driver) withReach(p drivers.Probe, err error) (drivers.Probe, error) {
	s, notYet := d.ready()
	if err != nil || notYet != nil {
		return p, err
	}
	w, _ := p.Values["width"].Float()
	h, _ := p.Values["height"].Float()
	width, height := vision.VideoBounds(int(w), int(h), maxWidth)
	shrunk := w / float64(max(width, 1))
	smallest := math.Ceil(max(s.models.Plan(width, height).Smallest, vision.VideoLimits().Size) * max(
		shrunk, 1))
	p.Values["smallest_face"] = gatehouse.NumberValue(smallest)
	p.Message += fmt.Sprintf("; faces from %.0f pixels on are recognised", smallest)
	return p, nil
}

// keyFrameMend says how to fix a stream that cannot be decoded.
const keyFrameMend = "set its key frame interval (I-frame interval, GOP) to 2 seconds or less"

// errEnough ends a stream once the probe has enough pictures.
var errEnough = fmt.Errorf("enough")

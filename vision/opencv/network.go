//go:build vision

package opencv

import (
	"fmt"
	"os"
	"path/filepath"

	ort "github.com/yalue/onnxruntime_go"

	"github.com/gatehouse-iot/gatehouse"
)

// network is one loaded model. run may be called from several goroutines; each call uses one
// thread.
type network struct {
	session *ort.DynamicAdvancedSession
	path    string
	input   ort.Shape // batch of one
	outputs []string
}

// startRuntime loads ONNX Runtime from a file, once per process: the library has global state and
// is never unloaded.
func startRuntime(library string) error {
	if _, err := os.Stat(library); err != nil {
		return gatehouse.FieldErrorf("ort_library",
			"there is no file %q: run deploy/setup/assets.sh, or give the path of libonnxruntime.so",
			library)
	}
	if ort.IsInitialized() {
		return nil
	}
	ort.SetSharedLibraryPath(library)
	if err := ort.InitializeEnvironment(ort.WithLogLevelError()); err != nil {
		return gatehouse.FieldErrorf("ort_library", "%q does not load as ONNX Runtime: %v",
			library, err)
	}
	return nil
}

// openNetwork loads the model in a file, whose input must have this many planes; key is the setting
// that named the file.
func openNetwork(key, path string, planes int64) (*network, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, gatehouse.FieldErrorf(key,
			"there is no file %q: run deploy/setup/assets.sh, or give the path of the model", path)
	}
	ins, outs, err := ort.GetInputOutputInfo(path)
	if err != nil {
		return nil, gatehouse.FieldErrorf(key, "%q is no model that ONNX Runtime reads: %v", path,
			err)
	}
	if len(ins) != 1 || len(ins[0].Dimensions) != 4 || ins[0].Dimensions[1] != planes {
		return nil, gatehouse.FieldErrorf(key,
			"%q takes %v; a model with one picture of %d planes as its input is needed", path, ins,
			planes)
	}
	o, err := ort.NewSessionOptions()
	if err != nil {
		return nil, fmt.Errorf("make session options: %w", err)
	}
	defer o.Destroy()
	// One thread each: cameras run in parallel, and more threads per face barely help.
	for _, err := range []error{
		o.SetIntraOpNumThreads(1), o.SetInterOpNumThreads(1),
		o.SetGraphOptimizationLevel(ort.GraphOptimizationLevelEnableAll),
	} {
		if err != nil {
			return nil, fmt.Errorf("set session options: %w", err)
		}
	}
	n := &network{
		path:  path,
		input: ins[0].Dimensions.Clone(),
	}
	if n.input[0] < 1 {
		n.input[0] = 1
	}
	for _, out := range outs {
		n.outputs = append(n.outputs, out.Name)
	}
	n.session, err = ort.NewDynamicAdvancedSession(path, []string{ins[0].Name}, n.outputs, o)
	if err != nil {
		return nil, gatehouse.FieldErrorf(key, "load %q: %v", path, err)
	}
	return n, nil
}

// run feeds one picture of the input size and returns the outputs in their order.
func (n *network) run(in []float32) ([][]float32, error) {
	t, err := ort.NewTensor(n.input, in)
	if err != nil {
		return nil, fmt.Errorf("%s: make input: %w", n.name(), err)
	}
	defer t.Destroy()
	outs := make([]ort.Value, len(n.outputs))
	if err := n.session.Run([]ort.Value{t}, outs); err != nil {
		return nil, fmt.Errorf("%s: run: %w", n.name(), err)
	}
	result := make([][]float32, len(outs))
	for i, o := range outs {
		if o == nil {
			continue
		}
		if f, ok := o.(*ort.Tensor[float32]); ok {
			result[i] = append([]float32(nil), f.GetData()...)
		}
		o.Destroy()
	}
	return result, nil
}

// size is the height and width of the model's input.
func (n *network) size() (h, w int) { return int(n.input[2]), int(n.input[3]) }

// name is the file's name without extension.
func (n *network) name() string {
	base := filepath.Base(n.path)
	return base[:len(base)-len(filepath.Ext(base))]
}

func (n *network) close() {
	if n != nil && n.session != nil {
		n.session.Destroy()
	}
}

package people

// step is a phase of an import, for its progress. A preview has the first one only, which is a
// third of an import; the others encrypt and stage the rows.
type step int

const (
	lookStep step = iota
	sealStep
	putStep
	importSteps
)

// every is the number of rows between two calls of Progress.
const every = 50

func (o ImportOptions) told(s step, done, of int) {
	if o.Progress == nil || of == 0 || done%every != 0 && done != of {
		return
	}
	steps := int(importSteps)
	if o.DryRun {
		steps = 1
	}
	o.Progress(float64(int(s)*of+done) / float64(steps*of))
}

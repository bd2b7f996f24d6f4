package people

// step tells whoever waits how much of an import is done. Looking at the lines is all of a preview
// and a third of an import, which then seals them and puts them down.
type step int

const (
	lookStep step = iota
	sealStep
	putStep
	importSteps
)

// every is how many lines are done between two words.
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

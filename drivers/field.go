package drivers

import (
	"slices"

	"github.com/gatehouse-iot/gatehouse"
)

// check reports what makes the field unusable in a form.
func (f Field) check() error {
	kinds := []FieldKind{
		FieldText, FieldHost, FieldURL, FieldPort, FieldInt, FieldDuration, FieldChoice,
		FieldTimezone, FieldNetwork, FieldPath, FieldListen,
	}
	switch {
	case !slices.Contains(kinds, f.Kind):
		return gatehouse.FieldErrorf("Kind",
			"Describe gives the field %q the kind %q; use one of %q", f.Key, f.Kind, kinds)
	case f.Kind == FieldChoice && len(f.Options) == 0:
		return gatehouse.FieldErrorf("Options",
			"Describe gives the field %q nothing to choose from", f.Key)
	case f.Kind == FieldChoice && f.Default != "" && !slices.Contains(f.Options, f.Default):
		return gatehouse.FieldErrorf("Default",
			"Describe gives the field %q the default %q, which is none of its options", f.Key,
			f.Default)
	case f.Min > f.Max:
		return gatehouse.FieldErrorf("Min",
			"Describe gives the field %q a least value %v above its most %v", f.Key, f.Min, f.Max)
	}
	return nil
}

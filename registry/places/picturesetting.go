package places

import (
	"context"
	"encoding/json"
	"fmt"

	g "github.com/gatehouse-iot/gatehouse"
)

// PicturesSetting is the key of the setting that allows pictures of unknown people.
const PicturesSetting = "pictures_of_unknowns"

// PicturesTaken reports whether the school allows pictures of unknown people, which is the default.
// A setting that cannot be read is an error, and allows nothing.
func (v View) PicturesTaken(ctx context.Context, school g.SchoolID) (bool, error) {
	raw, ok, err := v.Setting(ctx, school, PicturesSetting)
	if err != nil || !ok {
		return err == nil, err
	}
	var taken *bool
	if err := json.Unmarshal(raw, &taken); err != nil || taken == nil {
		return false, fmt.Errorf("the setting %s holds neither true nor false: write it again",
			PicturesSetting)
	}
	return *taken, nil
}

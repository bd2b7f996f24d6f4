// Example is a complete driver for a thermometer that answers HTTP with a line of JSON:
//
//	GET http://10.0.0.9/status.json  ->  {"temperature": 21.5, "door": "closed"}
//
// Copy this file into a module of your own and change what concerns the thermometer. The README in
// this folder leads from there to the gateway's console.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
)

func main() { drivers.Serve(driver{}) }

type driver struct{}

// The profile lists what the device can report. The gateway refuses anything else and shows why, so
// that a typing error appears in the console and not in the data.
var profile = gatehouse.Profile{
	ID:      "example-thermometer",
	Title:   "Thermometer with a door",
	TitleZH: "带门磁的温度计",
	Type:    gatehouse.TypeSensor,
	Vendor:  "Example",
	Properties: map[string]gatehouse.Property{
		"temperature": {
			Title:   "Temperature",
			TitleZH: "温度",
			Type:    "number",
			Unit:    "Cel",
			Minimum: new(-50.0),
			Maximum: new(100.0),
		},
		"door": {
			Title:   "Door",
			TitleZH: "门",
			Type:    "string",
			Enum:    []string{"open", "closed"},
		},
	},
}

// Describe names the driver and the fields that it needs for each device; the console turns Address
// into a form.
func (driver) Describe() drivers.Description {
	return drivers.Description{
		Name:    "example",
		Title:   "Example thermometer",
		TitleZH: "示例温度计",
		Version: "1.0.0",
		Address: []drivers.Field{
			{
				Key:      "url",
				Title:    "URL",
				TitleZH:  "网址",
				Help:     "e.g. http://10.0.0.9/status.json",
				Required: true,
			},
			{
				Key:     "every",
				Title:   "Seconds between two readings",
				TitleZH: "读数间隔（秒）",
				Default: "10",
			},
		},
		Profiles: []gatehouse.Profile{profile},
	}
}

// Connect serves one device until ctx ends. It returns an error as soon as the device does not
// answer properly: the gateway is told, and Connect is called again after a back-off. There is no
// need to retry, to batch or to buffer observations here.
func (driver) Connect(ctx context.Context, d drivers.Device, emit drivers.Emit) error {
	every, err := interval(d)
	if err != nil {
		return err
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		values, err := read(ctx, d)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		// Once emit returns nil, the reading is on the gateway's disk. For a device that buffers
		// its readings, acknowledge them here.
		if err := emit(ctx, gatehouse.Observation{Reading: &gatehouse.Reading{Values: values}}); err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// Probe is the console's test button. Its message and its errors are for the person who has just
// typed the address. Probe is optional, as are Command, Configure and Discover.
func (driver) Probe(ctx context.Context, d drivers.Device) (drivers.Probe, error) {
	if _, err := interval(d); err != nil {
		return drivers.Probe{}, err
	}
	values, err := read(ctx, d)
	if err != nil {
		return drivers.Probe{}, err
	}
	return drivers.Probe{
		Message: "The thermometer answers: " + values["temperature"].String() + " °C",
		Values:  values,
	}, nil
}

// interval returns the address field every. Drivers check their fields: the gateway passes on what
// people typed. The error names the field.
func interval(d drivers.Device) (time.Duration, error) {
	text := d.Address["every"]
	if text == "" {
		text = "10"
	}
	every, err := time.ParseDuration(text + "s")
	if err != nil || every < 100*time.Millisecond || every > time.Hour {
		return 0, gatehouse.FieldErrorf("every", "%q is no number of seconds between 0.1 and 3600",
			text)
	}
	return every, nil
}

// read queries the thermometer once, within 5 s and 64 KiB.
func read(ctx context.Context, d drivers.Device) (map[string]gatehouse.Value, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, d.Address["url"], nil)
	if err != nil {
		return nil, gatehouse.FieldErrorf("url",
			"%q is no URL; give one like http://10.0.0.9/status.json", d.Address["url"])
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("nothing answers; check the URL, the cable and the power: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s; check the path in the URL", d.Address["url"],
			answer.Status)
	}
	var said map[string]any
	if err := json.NewDecoder(io.LimitReader(answer.Body, 64<<10)).Decode(&said); err != nil {
		return nil, fmt.Errorf("%s does not answer with JSON; is it a thermometer? (%w)",
			d.Address["url"], err)
	}
	values := map[string]gatehouse.Value{}
	for _, name := range profile.PropertyNames() {
		if x, ok := said[name]; ok {
			if values[name], err = gatehouse.ValueOf(x); err != nil {
				return nil, fmt.Errorf("its %s is odd: %w", name, err)
			}
		}
	}
	if len(values) == 0 {
		return nil, fmt.Errorf("%s answers without a temperature or a door; is it a thermometer?",
			d.Address["url"])
	}
	return values, nil
}

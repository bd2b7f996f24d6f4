// Command ogen lists devices with the client that ogen makes of the document.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/ogen-go/ogen/ogenerrors"

	"clients.test/ogen/gatehouse"
)

type key struct{}

// Browser is the console's sign-in, which programs have none of.
func (key) Browser(context.Context, gatehouse.OperationName) (gatehouse.Browser, error) {
	return gatehouse.Browser{}, ogenerrors.ErrSkipClientSecurity
}

// Key is the API key.
func (key) Key(context.Context, gatehouse.OperationName) (gatehouse.Key, error) {
	return gatehouse.Key{Token: os.Getenv("GATEHOUSE_KEY")}, nil
}

func main() {
	c, err := gatehouse.NewClient(os.Getenv("GATEHOUSE_URL"), key{})
	if err != nil {
		log.Fatal(err)
	}
	list, err := c.ListDevices(context.Background(), gatehouse.ListDevicesParams{})
	if err != nil {
		log.Fatal(err)
	}
	page, ok := list.(*gatehouse.PageDeviceRow)
	if !ok {
		log.Fatalf("got %T", list)
	}
	for _, d := range page.Items {
		fmt.Println(d.ID, d.Name)
	}
}

// Command oapi lists devices with the client that oapi-codegen makes of the document.
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"

	"clients.test/oapi/gatehouse"
)

func main() {
	auth := func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+os.Getenv("GATEHOUSE_KEY"))
		return nil
	}
	c, err := gatehouse.NewClientWithResponses(os.Getenv("GATEHOUSE_URL"),
		gatehouse.WithRequestEditorFn(auth))
	if err != nil {
		log.Fatal(err)
	}
	list, err := c.ListDevicesWithResponse(context.Background(), &gatehouse.ListDevicesParams{})
	if err != nil {
		log.Fatal(err)
	}
	if list.JSON200 == nil {
		log.Fatalf("got %s", list.Status())
	}
	for _, d := range list.JSON200.Items {
		fmt.Println(d.Id, d.Name)
	}
}

package event_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/gatehouse-iot/gatehouse/gateway/event"
)

// message is the message Event of event.proto, as protoc reads it:
//
//	protoc --descriptor_set_out=testdata/event.binpb event.proto
func message(t *testing.T) protoreflect.MessageDescriptor {
	t.Helper()
	set := descriptors(t, "testdata/event.binpb")
	file, err := protodesc.NewFile(set.File[0], nil)
	if err != nil {
		t.Fatal(err)
	}
	return file.Messages().ByName("Event")
}

// TestTheDescriptorIsOfTheProto has protoc read event.proto again. Without protoc it is skipped, but
// in continuous integration, where the set-up installs protoc, it fails.
func TestTheDescriptorIsOfTheProto(t *testing.T) {
	if _, err := exec.LookPath("protoc"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("no protoc here, although deploy/setup/debian.sh installs it")
		}
		t.Skip("no protoc here; deploy/setup/debian.sh test installs it")
	}
	fresh := filepath.Join(t.TempDir(), "event.binpb")
	out, err := exec.Command("protoc", "--descriptor_set_out="+fresh, "event.proto").CombinedOutput()
	if err != nil {
		t.Fatalf("protoc: %v\n%s", err, out)
	}
	if d := cmp.Diff(descriptors(t, "testdata/event.binpb"), descriptors(t, fresh), protocmp.Transform()); d != "" {
		t.Errorf("testdata/event.binpb is not what event.proto says; got -, want +:\n%s", d)
	}
}

func descriptors(t *testing.T, path string) *descriptorpb.FileDescriptorSet {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	set := &descriptorpb.FileDescriptorSet{}
	if err := proto.Unmarshal(b, set); err != nil {
		t.Fatal(err)
	}
	return set
}

// TestTheProtoSaysHowEventsAreWritten has protobuf's own library read what this package writes, and
// this package what the library writes again. The library must find no unknown field.
func TestTheProtoSaysHowEventsAreWritten(t *testing.T) {
	said := message(t)
	for _, e := range sampleEvents() {
		b, err := event.Append(nil, &e)
		if err != nil {
			t.Fatal(err)
		}
		want, err := event.Decode(1, b)
		if err != nil {
			t.Fatal(err)
		}
		m := dynamicpb.NewMessage(said)
		if err := proto.Unmarshal(b, m); err != nil {
			t.Fatalf("%s: %v", e.Kind, err)
		}
		wantNoUnknown(t, m)
		if got := m.Get(said.Fields().ByName("device")).String(); got != string(e.Device) {
			t.Errorf("%s: the library reads the device %q", e.Kind, got)
		}
		theirs, err := proto.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		got, err := event.Decode(1, theirs)
		if err != nil {
			t.Fatalf("%s, as the library writes it: %v", e.Kind, err)
		}
		if d := cmp.Diff(got, want, compareValues); d != "" {
			t.Errorf("%s, as the library writes it: got, want:\n%s", e.Kind, d)
		}
	}
}

func wantNoUnknown(t *testing.T, m protoreflect.Message) {
	t.Helper()
	if b := m.GetUnknown(); len(b) > 0 {
		t.Errorf("%s: the fields %x are not in event.proto", m.Descriptor().Name(), b)
	}
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if f.Message() != nil && !f.IsList() {
			wantNoUnknown(t, v.Message())
		}
		return true
	})
}

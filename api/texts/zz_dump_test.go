package texts
import ("testing";"os";"fmt";"slices";"maps")
func TestDump(t *testing.T) {
	s := said{formats: map[string]string{}}
	if err := s.read("../..", others); err != nil { t.Fatal(err) }
	f,_ := os.Create("/tmp/ids.txt")
	for _, en := range slices.Sorted(maps.Keys(s.formats)) { fmt.Fprintf(f, "%s\t%q\n", s.formats[en], en) }
	f.Close()
	g,_ := os.Create("/tmp/faults.txt")
	for _, x := range s.faults { fmt.Fprintln(g, x) }
	g.Close()
}

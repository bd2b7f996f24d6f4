package selfwatch

import (
	"context"
	"sync/atomic"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api"
	"github.com/gatehouse-iot/gatehouse/api/texts"
)

// Files tells whether the configuration and the rules on the disk are those in force: somebody who
// wrote a rule believes that it watches. The zero Files says that they are. It is safe for concurrent
// use.
type Files struct {
	wrong atomic.Pointer[refusal]
}

type refusal struct {
	at  time.Time
	why error
}

// Refused says that the files were read at a time and are not in force, and why.
func (f *Files) Refused(at time.Time, why error) { f.wrong.Store(&refusal{at: at, why: why}) }

// Taken says that what is on the disk is in force.
func (f *Files) Taken() { f.wrong.Store(nil) }

// Subject watches the files.
func (f *Files) Subject() Subject {
	return Subject{Check: f.line, Troubles: f.troubles}
}

func (f *Files) line(context.Context, time.Time, *api.Status) api.Check {
	w := f.wrong.Load()
	if w == nil {
		return Line("files", "ok", "The configuration and the rules were read and are in force.",
			"配置和规则文件已读取并生效。")
	}
	at := w.at.Format("2006-01-02 15:04")
	return Line("files", "warning",
		"The files as they are on the disk are not in force; what held before does. Mend them and "+
			"reload. Read at "+at+": "+texts.English.Error(w.why),
		"磁盘上的文件未生效，仍按之前的内容运行。请修正后重新加载。"+
			at+" 读取时："+texts.Chinese.Error(w.why))
}

func (f *Files) troubles(time.Time, Told) []Trouble {
	if f.wrong.Load() == nil {
		return nil
	}
	return []Trouble{{
		Rule:     g.GatewayRule + "files",
		Severity: g.Major,
		Title:    "The gateway's files are not in force as they are",
		TitleZH:  "网关的配置或规则文件未生效",
		Text: "A file of the configuration or of the rules has a mistake, so that the gateway goes on " +
			"with what held before: a rule that somebody wrote may not watch. The status page names the place.",
		TextZH: "配置或规则文件有误，网关仍按之前的内容运行，" +
			"新写的规则可能未生效。出错位置见状态页。",
	}}
}

package selfwatch

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api"
	"github.com/gatehouse-iot/gatehouse/gateway/journal"
)

// Reserve is how many bytes the journal holds back for the rest of the gateway.
const Reserve = 64 << 20

const (
	diskWarn     = uint64(5 << 30) // bytes free, below which the gateway warns
	diskCritical = uint64(1 << 30)
	needed       = 16 << 20 // bytes of disk that an alert and a little more take
)

// Disk is the disk of the data folder.
type Disk struct {
	Dir     string
	Journal *journal.Journal
	// FreeBytes, if not nil, returns the free space in place of the system.
	FreeBytes func(dir string) (uint64, error)
}

// Subject watches the free space.
func (d Disk) Subject() Subject {
	return Subject{
		Check:    d.line,
		Troubles: d.troubles,
	}
}

// MakeRoom gives the journal's reserve to the registry where that has no room left for an alert.
func (d Disk) MakeRoom() {
	free, total := d.space()
	if total > 0 && free < needed && d.Journal.Stat().Reserve {
		d.Journal.GiveReserve()
	}
}

// space is the free and the total space, in bytes; 0 and 0 if that is unknown.
func (d Disk) space() (free, total uint64) {
	var fs unix.Statfs_t
	if err := unix.Statfs(d.Dir, &fs); err != nil {
		return 0, 0
	}
	free, total = fs.Bavail*uint64(fs.Bsize), fs.Blocks*uint64(fs.Bsize)
	if d.FreeBytes != nil {
		free, _ = d.FreeBytes(d.Dir)
	}
	return free, total
}

// diskLimits are the free space below which the gateway warns, and below which it is critical; on a
// small disk less than the constants say.
func diskLimits(total uint64) (warn, critical uint64) {
	return min(diskWarn, total/10), min(diskCritical, total/20)
}

// troubles counts a reserve that was given up as if it were held: the space that it freed is not
// there to be used.
func (d Disk) troubles(_ time.Time, told Told) []Trouble {
	t := Trouble{Rule: g.GatewayRule + "disk"}
	free, total := d.space()
	if !d.Journal.Stat().Reserve {
		free -= min(free, Reserve)
	}
	warn, critical := diskLimits(total)
	if told.any(t.Rule) {
		warn += warn / 10
	}
	if told(t.Rule, g.Critical) {
		critical += critical / 10
	}
	switch {
	case total == 0 || free >= warn:
		return nil
	case free >= critical:
		t.Severity = g.Warning
		t.Title = "The gateway's disk has little space left"
		t.TitleZH = "网关磁盘空间偏少"
	default:
		t.Severity = g.Critical
		t.Title = "The gateway's disk is almost full"
		t.TitleZH = "网关磁盘即将写满"
	}
	t.Text = "Free some on the disk of the data folder, or move the folder to a larger one; the " +
		"status page says how much is left. At the end of it nothing is acknowledged any more."
	t.TextZH = "请清理数据目录所在磁盘，或迁移到更大的磁盘；剩余空间见状态页。空间用尽后数据将不再被确认。"
	return []Trouble{t}
}

func (d Disk) line(_ context.Context, _ time.Time, s *api.Status) api.Check {
	s.Disk.Free, s.Disk.Total = d.space()
	if s.Disk.Total == 0 {
		return Line("disk", "warning", "The free space cannot be read.", "无法读取磁盘空间。")
	}
	warn, critical := diskLimits(s.Disk.Total)
	gib := float64(s.Disk.Free) / (1 << 30)
	en, zh := fmt.Sprintf("%.1f GiB are free.", gib), fmt.Sprintf("剩余 %.1f GiB。", gib)
	switch {
	case s.Disk.Free < critical:
		return Line("disk", "critical",
			en+" Free some: at the end of it nothing is acknowledged any more.",
			zh+"请立即清理，空间用尽后将停止接收。")
	case s.Disk.Free < warn:
		return Line("disk", "warning", en+" That is little.", zh+"空间偏少。")
	}
	return Line("disk", "ok", en, zh)
}

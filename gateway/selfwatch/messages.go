package selfwatch

import (
	"context"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/post"
)

// silentFor is how long a channel of messages may fail before a person must know.
const silentFor = time.Minute

// Messages watches the channels by which people are told: one that fails is not noticed by whoever
// waits for its messages. failing lists those that do.
func Messages(failing func() []post.Failing) Subject {
	return Subject{
		Check: func(_ context.Context, _ time.Time, _ *api.Status) api.Check {
			all := failing()
			if len(all) == 0 {
				return Line("messages", "ok", "No channel of messages is known to fail.", "未发现故障的消息通道。")
			}
			var why []string
			for _, f := range all {
				why = append(why, f.Name+": "+f.Why)
			}
			list := strings.Join(why, "; ")
			return Line("messages", "warning", "Messages do not go out by "+list+".",
				"以下通道的消息发不出去："+list+"。")
		},
		Troubles: func(now time.Time, _ Told) []Trouble {
			var names []string
			for _, f := range failing() {
				if now.Sub(f.Since) >= silentFor {
					names = append(names, f.Name)
				}
			}
			if len(names) == 0 {
				return nil
			}
			list := strings.Join(names, ", ")
			return []Trouble{{
				Rule:     g.GatewayRule + "messages",
				Severity: g.Major,
				Title:    "Messages do not go out: " + list,
				TitleZH:  "消息发不出去：" + list,
				Text: "Whoever is called by this channel does not hear of alarms. Settings, Messages says what " +
					"the other side answers; a test there shows whether it works again.",
				TextZH: "通过此通道通知的人收不到告警。“设置—消息”中有对方的应答，可发送测试消息确认是否恢复。",
			}}
		},
	}
}

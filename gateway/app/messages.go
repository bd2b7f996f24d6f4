package app

import (
	"github.com/gatehouse-iot/gatehouse/gateway/notify/dingtalk"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/feishu"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/http"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/post"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/smpp"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/sms"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/smtp"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/voice"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/webpush"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/wecom"
)

// channels are the kinds of channel by which messages are sent to people.
func channels() []post.Kind {
	return []post.Kind{
		smtp.Kind(),
		sms.Kind(),
		smpp.Kind(),
		voice.Kind(),
		webpush.Kind(),
		dingtalk.Kind(),
		wecom.Kind(),
		feishu.Kind(),
		http.Kind(),
	}
}

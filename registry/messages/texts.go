package messages

import (
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
)

// Template is what a kind of message says in one language. Names in braces are parameters; a line
// whose parameters are all empty is left out.
type Template struct {
	Kind     string `json:"kind"`
	Language string `json:"language"`
	Subject  string `json:"subject"`
	Text     string `json:"text"`
	Own      bool   `json:"own"` // of the school; false: as shipped
}

// shipped are the templates where a school has none of its own.
func shipped() []Template {
	return []Template{
		{
			Kind:     "alert",
			Language: "en",
			Subject:  "{severity}: {title}",
			Text: "{title}\nWhere: {place}\nDevice: {device}\nSince: {time}\nAlso: {others}\n" +
				"I take it: {take}\nThe alert: {link}",
		},
		{
			Kind:     "alert",
			Language: "zh-CN",
			Subject:  "{severity}：{title}",
			Text: "{title}\n地点：{place}\n设备：{device}\n时间：{time}\n另有：{others}\n" +
				"我来处理：{take}\n查看告警：{link}",
		},
		{
			Kind:     "unanswered",
			Language: "en",
			Subject:  "{severity}: {title}",
			Text: "{title}\nWhere: {place}\nSince: {time}\nAlso: {others}\n" +
				"Told so far: {who}\nCould not be reached: {missed}\nI take it: {take}\nThe alert: {link}",
		},
		{
			Kind:     "unanswered",
			Language: "zh-CN",
			Subject:  "{severity}：{title}",
			Text: "{title}\n地点：{place}\n时间：{time}\n另有：{others}\n" +
				"已通知：{who}\n未能通知：{missed}\n我来处理：{take}\n查看告警：{link}",
		},
		{
			Kind:     "lockdown",
			Language: "en",
			Subject:  "{title}",
			Text: "{mark}\n{title}\n{text}\nWhere: {place}\nSince: {time}\nRaised by: {by}\n" +
				"Note: {note}\n{link}\n{school}",
		},
		{
			Kind:     "lockdown",
			Language: "zh-CN",
			Subject:  "{title}",
			Text: "{mark}\n{title}\n{text}\n地点：{place}\n时间：{time}\n发起：{by}\n" +
				"说明：{note}\n{link}\n{school}",
		},
		{
			Kind:     "allclear",
			Language: "en",
			Subject:  "All clear: {title}",
			Text:     "{mark}\nAll clear: {title} is over since {time}.\nBy: {by}\nNote: {note}\n{school}",
		},
		{
			Kind:     "allclear",
			Language: "zh-CN",
			Subject:  "警报解除：{title}",
			Text:     "{mark}\n警报解除：{title}已于 {time} 结束。\n解除：{by}\n说明：{note}\n{school}",
		},
		{
			Kind:     "broadcast",
			Language: "en",
			Subject:  "{subject}",
			Text: "{text}\nPlease confirm that you have read this: {read}\n{school}\n" +
				"No more messages of this kind: {stop}",
		},
		{
			Kind:     "broadcast",
			Language: "zh-CN",
			Subject:  "{subject}",
			Text:     "{text}\n请确认已阅读：{read}\n{school}\n不再接收此类消息：{stop}",
		},
		{
			Kind:     "visit",
			Language: "en",
			Subject:  "{who} would like to visit you",
			Text: "{who} would like to visit you.\nPeople: {group}\nWhy: {purpose}\nWhen: {time}\n" +
				"Accept or refuse: {link}\n{school}",
		},
		{
			Kind:     "visit",
			Language: "zh-CN",
			Subject:  "{who} 申请来访",
			Text: "{who} 申请来访。\n人数：{group}\n事由：{purpose}\n时间：{time}\n" +
				"同意或拒绝：{link}\n{school}",
		},
		{
			Kind:     "arrival",
			Language: "en",
			Subject:  "{who} has arrived",
			Text: "{who} has arrived.\nPeople: {group}\nWhy: {purpose}\nSince: {time}\n" +
				"{escort}\n{school}",
		},
		{
			Kind:     "arrival",
			Language: "zh-CN",
			Subject:  "{who} 已到校",
			Text:     "{who} 已到校。\n人数：{group}\n事由：{purpose}\n时间：{time}\n{escort}\n{school}",
		},
		{
			Kind:     "leave_ask",
			Language: "en",
			Subject:  "Leave for {who}, {class}: {time}",
			Text: "A guardian asks for leave for {who}, {class}.\nKind: {kind}\nWhen: {time}\nDays: {days}\n" +
				"Read why, approve or refuse: {link}\n{school}",
		},
		{
			Kind:     "leave_ask",
			Language: "zh-CN",
			Subject:  "{who}（{class}）请假：{time}",
			Text: "家长为 {who}（{class}）请假。\n类型：{kind}\n时间：{time}\n天数：{days}\n" +
				"查看原因并审批：{link}\n{school}",
		},
		{
			Kind:     leaveAnswerKind,
			Language: "en",
			Subject:  "Leave for {who}: {answer}",
			Text:     "Leave for {who}: {answer}.\nWhen: {time}\nReason: {reason}\n{link}\n{school}",
		},
		{
			Kind:     leaveAnswerKind,
			Language: "zh-CN",
			Subject:  "{who} 的请假：{answer}",
			Text:     "{who} 的请假：{answer}。\n时间：{time}\n原因：{reason}\n{link}\n{school}",
		},
		{
			Kind:     signInKind,
			Language: "en",
			Subject:  "Your code is {code}",
			Text: "{code} opens the guardians' page of {school}. It is valid for 10 minutes and counts once. " +
				"Nobody from the school asks you for it.",
		},
		{
			Kind:     signInKind,
			Language: "zh-CN",
			Subject:  "验证码 {code}",
			Text:     "{code} 是登录{school}家长页面的验证码，10 分钟内有效，仅可使用一次。学校不会向您索要验证码。",
		},
		{
			Kind:     "digest",
			Language: "en",
			Subject:  "{school}: {count} messages",
			Text:     "{items}\nand {rest} more\n{school}",
		},
		{
			Kind:     "digest",
			Language: "zh-CN",
			Subject:  "{school}：{count} 条消息",
			Text:     "{items}\n另有 {rest} 条\n{school}",
		},
		{
			Kind:     "confirm",
			Language: "en",
			Subject:  "Your code is {code}",
			Text:     "{code} confirms this address for messages of {school}. It is valid for 15 minutes.",
		},
		{
			Kind:     "confirm",
			Language: "zh-CN",
			Subject:  "验证码 {code}",
			Text:     "{code} 是用于接收{school}消息的验证码，15 分钟内有效。",
		},
		{
			Kind:     "test",
			Language: "en",
			Subject:  "Test of {channel}",
			Text:     "This is a test of the channel {channel} of {school}, sent at {time}. Nothing is to be done.",
		},
		{
			Kind:     "test",
			Language: "zh-CN",
			Subject:  "测试：{channel}",
			Text:     "这是{school}的通道“{channel}”在 {time} 发出的测试消息，无需处理。",
		},
	}
}

// SeverityEN is a severity in a message: Critical.
func SeverityEN(s g.Severity) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(string(s[:1])) + string(s[1:])
}

// SeverityZH is how urgent an alert is, in Chinese.
func SeverityZH(s g.Severity) string {
	switch s {
	case g.Critical:
		return "紧急"
	case g.Major:
		return "重要"
	case g.Warning:
		return "警告"
	}
	return "提示"
}

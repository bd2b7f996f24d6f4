package main

import "github.com/gatehouse-iot/gatehouse/drivers"

// settingFields returns the fields of Configure.
func settingFields() []drivers.Field {
	return []drivers.Field{
		{
			Key:     "listen",
			Title:   "Listen on",
			TitleZH: "监听地址",
			Default: defaultListen,
			Kind:    drivers.FieldListen,
			Help:    "address that tills, boards and kiosks call",
			HelpZH:  "取餐机、班牌与自助机呼叫的地址",
		},
		{
			Key:     "cert",
			Title:   "Certificate",
			TitleZH: "证书",
			Kind:    drivers.FieldPath,
			Help:    "PEM file; with it devices must use https, and a till's page opens without a network",
			HelpZH:  "PEM 文件；设置后设备须用 https，取餐页面断网时也能打开",
		},
		{
			Key:     "key",
			Title:   "Its key",
			TitleZH: "私钥",
			Kind:    drivers.FieldPath,
			Help:    "PEM file",
			HelpZH:  "PEM 文件",
		},
	}
}

// addressFields returns the address fields of a device.
func addressFields() []drivers.Field {
	return []drivers.Field{
		{
			Key:      "secret",
			Title:    "Secret",
			TitleZH:  "密钥",
			Required: true,
			Secret:   true,
			Proves:   true,
			Help:     "16 to 128 characters, of this device alone; typed once at the device",
			HelpZH:   "16 到 128 个字符，仅供此设备使用；在设备上输入一次",
		},
		{
			Key:     "silence",
			Title:   "Offline after",
			TitleZH: "离线判定",
			Default: "60s",
			Kind:    drivers.FieldDuration,
			Min:     1,
			Max:     86400,
			Help:    "time without a call, 1s to 24h",
			HelpZH:  "多久未呼叫视为离线，1s 到 24h",
		},
	}
}

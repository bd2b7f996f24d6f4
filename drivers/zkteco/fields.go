package main

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"strings"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
)

// settingFields returns the fields of Configure.
func settingFields() []drivers.Field {
	return []drivers.Field{
		{
			Key:     "listen",
			Title:   "Listen on",
			TitleZH: "监听地址",
			Default: defaultListen,
			Kind:    drivers.FieldListen,
			Help:    "address that terminals call",
			HelpZH:  "终端呼叫的地址",
		},
		{
			Key:     "cert",
			Title:   "Certificate",
			TitleZH: "证书",
			Kind:    drivers.FieldPath,
			Help:    "PEM file; with it terminals must use https",
			HelpZH:  "PEM 文件；设置后终端须用 https",
		},
		{
			Key:     "key",
			Title:   "Its key",
			TitleZH: "私钥",
			Kind:    drivers.FieldPath,
			Help:    "PEM file",
			HelpZH:  "PEM 文件",
		},
		{
			Key:     "client_ca",
			Title:   "Authority of terminals' certificates",
			TitleZH: "终端证书的颁发机构",
			Kind:    drivers.FieldPath,
			Help:    "PEM file; with it terminals may prove themselves with a certificate",
			HelpZH:  "PEM 文件；设置后终端可用证书证明身份",
		},
	}
}

// addressFields returns the address fields of a terminal.
func addressFields() []drivers.Field {
	return []drivers.Field{
		{
			Key:      "timezone",
			Title:    "Time zone of its clock",
			TitleZH:  "时钟时区",
			Required: true,
			Kind:     drivers.FieldTimezone,
			Help:     "e.g. Asia/Shanghai",
			HelpZH:   "例如 Asia/Shanghai",
		},
		{
			Key:     "ip",
			Title:   "Calls from",
			TitleZH: "来源地址",
			Kind:    drivers.FieldNetwork,
			Proves:  true,
			Help: "address or network that this terminal must call from, e.g. 10.1.4.30; " +
				"without it, a token or a certificate others can call with its serial number",
			HelpZH: "此终端必须使用的地址或网段，例如 10.1.4.30；若不填且无令牌或证书，他人可冒用其序列号",
		},
		{
			Key:     "token",
			Title:   "Token in its path",
			TitleZH: "路径令牌",
			Secret:  true,
			Proves:  true,
			Help: "12 to 64 letters and digits; the terminal's server is then " +
				"http://gateway:8081/TOKEN",
			HelpZH: "12 到 64 位字母数字；终端服务器地址写为 http://网关:8081/令牌",
		},
		{
			Key:     "certificate",
			Title:   "Certificate's common name",
			TitleZH: "证书通用名",
			Proves:  true,
			Help:    "of the TLS certificate that it must show; needs client_ca",
			HelpZH:  "终端必须出示的 TLS 证书；需设置 client_ca",
		},
		{
			Key:     "direction",
			Title:   "Direction",
			TitleZH: "方向",
			Default: "status",
			Kind:    drivers.FieldChoice,
			Options: ways(),
			Help:    "status (as the terminal says), in, out or none",
			HelpZH:  "status（按终端状态）、in、out 或 none",
		},
		{
			Key:     "silence",
			Title:   "Offline after",
			TitleZH: "离线判定",
			Default: "60s",
			Kind:    drivers.FieldDuration,
			Min:     0.01,
			Max:     86400,
			Help:    "time without a call, 10ms to 24h",
			HelpZH:  "多久未呼叫视为离线，10ms 到 24h",
		},
	}
}

// trust accepts client certificates of the authority in file; an empty file requests none.
func trust(config *tls.Config, file string) error {
	if file = strings.TrimSpace(file); file == "" {
		return nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return gatehouse.FieldErrorf("client_ca", "the authority's file cannot be read: %v", err)
	}
	config.ClientCAs = x509.NewCertPool()
	if !config.ClientCAs.AppendCertsFromPEM(pem) {
		return gatehouse.FieldErrorf("client_ca", "%s holds no certificate in PEM form", file)
	}
	config.ClientAuth = tls.VerifyClientCertIfGiven
	return nil
}

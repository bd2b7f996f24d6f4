// Package sms sends letters as short messages by a gateway that is reached over HTTP: Aliyun's, or any
// that takes a post signed as Standard Webhooks 1.0 asks.
//
// It refuses to try twice, and to decide which number is whose.
package sms

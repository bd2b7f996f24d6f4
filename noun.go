package gatehouse

// Noun returns a noun of the domain as a Text, to be an argument of another text: something that is
// missing or taken, or a field to fill in. Unknown words are returned as they are.
func Noun(english string) Text {
	for _, w := range nouns() {
		if w.Format == english {
			return w
		}
	}
	return Textf("%s", english)
}

func nouns() []Text {
	return []Text{
		Word("school"), Word("site"), Word("building"), Word("zone"),
		Word("floor"), Word("floors"), Word("sites"), Word("buildings"), Word("zones"),
		Word("device"), Word("devices"), Word("profile"), Word("certificate"),
		Word("person"), Word("pass"), Word("card"), Word("qr"), Word("pin"), Word("face"),
		Word("session"), Word("leave"), Word("alert"), Word("incident"), Word("lockdown"),
		Word("rule"), Word("backtest"), Word("explanation"),
		Word("rejection with its content"),
		Word("rota"), Word("override"), Word("chain"), Word("suppression"), Word("entry"), Word("visit"),
		Word("request"),
		Word("pattern"), Word("day_template"), Word("template_days"), Word("pattern_change"),
		Word("user"), Word("key"), Word("webhook"), Word("delivery"),
		Word("channel"), Word("address"), Word("message"), Word("recipient"), Word("template"),
		Word("name"), Word("full name"), Word("by"), Word("model"), Word("deed"), Word("reason"),
	}
}

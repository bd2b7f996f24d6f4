package registry

type rollCache struct{}

package selfwatch

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics is the gateway's own health in Prometheus' text format.
func (w *Watch) Metrics() http.Handler {
	r := prometheus.NewRegistry()
	r.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	for _, subject := range w.o.Subjects {
		for _, m := range subject.Metrics {
			r.MustRegister(m.collector())
		}
	}
	return promhttp.HandlerFor(r, promhttp.HandlerOpts{})
}

func (m Metric) collector() prometheus.Collector {
	name := "gatehouse_" + m.Name
	if m.Counter {
		return prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: name,
			Help: m.Help,
		}, m.Value)
	}
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: name,
		Help: m.Help,
	}, m.Value)
}

namespace IngressController.Metrics;

/// <summary>One area's metrics: a part of the page that is scraped.</summary>
internal interface IMetricsSource
{
    void Write(PrometheusText text);
}

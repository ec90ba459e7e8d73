namespace IngressController.Metrics;

/// <summary>The metrics of one area, a part of the metrics page.</summary>
internal interface IMetricsSource
{
    void Write(PrometheusText text);
}

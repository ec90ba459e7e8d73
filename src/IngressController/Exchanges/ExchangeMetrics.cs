using IngressController.Metrics;

namespace IngressController.Exchanges;

/// <summary>The metrics of exchanges in flight.</summary>
internal sealed class ExchangeMetrics(ClientConnections connections) : IMetricsSource
{
    public void Write(PrometheusText text)
    {
        text.Family("yarp_ingress_unread_response_bytes", "gauge", "Bytes of responses that wait for clients.");
        text.Sample("yarp_ingress_unread_response_bytes", connections.BufferedBytes);
        text.Family("yarp_ingress_waiting_responses", "gauge", "Responses that wait for clients.");
        text.Sample("yarp_ingress_waiting_responses", connections.Stalled().Count);
        text.Family("yarp_ingress_exchanges_ended_total", "counter", "Exchanges that the proxy ended before their end, by reason.");
        foreach (var (reason, label) in Reasons)
            text.Sample("yarp_ingress_exchanges_ended_total", connections.Ended(reason), ("reason", label));
    }

    private static readonly (EndReason Reason, string Label)[] Reasons = [(EndReason.Stalled, "stalled"), (EndReason.SlowBody, "slow_body"), (EndReason.Shed, "shed")];
}

using IngressController.Metrics;

namespace IngressController.Shutdown;

/// <summary>The metrics of the shutdown.</summary>
internal sealed class ShutdownMetrics(Drain drain, OpenConnections connections, OpenWebSockets webSockets) : IMetricsSource
{
    public void Write(PrometheusText text)
    {
        text.Family("yarp_ingress_draining", "gauge", "1 after the shutdown of this process has begun, else 0.");
        text.Sample("yarp_ingress_draining", drain.HasBegun ? 1 : 0);
        text.Family("yarp_ingress_open_connections", "gauge", "Open connections of clients, idle ones included.");
        text.Sample("yarp_ingress_open_connections", connections.Count);
        text.Family("yarp_ingress_open_websockets", "gauge", "Open WebSockets of clients.");
        text.Sample("yarp_ingress_open_websockets", webSockets.Count);
    }
}

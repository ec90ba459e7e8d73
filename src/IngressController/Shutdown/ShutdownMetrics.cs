using IngressController.Metrics;

namespace IngressController.Shutdown;

/// <summary>How a process that has been told to end gets on with it.</summary>
internal sealed class ShutdownMetrics(Drain drain, OpenConnections connections, OpenWebSockets webSockets) : IMetricsSource
{
    public void Write(PrometheusText text)
    {
        text.Family("yarp_ingress_draining", "gauge", "Whether this process has been told to end: 1 or 0.");
        text.Sample("yarp_ingress_draining", drain.HasBegun ? 1 : 0);
        text.Family("yarp_ingress_open_connections", "gauge", "Connections of clients, idle ones too.");
        text.Sample("yarp_ingress_open_connections", connections.Count);
        text.Family("yarp_ingress_open_websockets", "gauge", "WebSockets that pass through.");
        text.Sample("yarp_ingress_open_websockets", webSockets.Count);
    }
}

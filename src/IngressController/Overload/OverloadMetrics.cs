using IngressController.Exchanges;
using IngressController.Metrics;

namespace IngressController.Overload;

/// <summary>The budgets of the process, what is taken of them, and what is done when they are used up.</summary>
internal sealed class OverloadMetrics(
    OverloadBudgets budgets, OverloadActions actions, MemoryPressure memory, ConnectionBudget connections, RequestBudget requests, ClientConnections clients)
    : IMetricsSource
{
    public void Write(PrometheusText text)
    {
        text.Family("yarp_ingress_overload_budget", "gauge", "What all clients together may take.");
        text.Sample("yarp_ingress_overload_budget", budgets.Connections, ("resource", "connections"));
        text.Sample("yarp_ingress_overload_budget", budgets.ConnectionsPerClient, ("resource", "connections-per-client"));
        text.Sample("yarp_ingress_overload_budget", budgets.Requests, ("resource", "requests"));
        text.Sample("yarp_ingress_overload_budget", budgets.BufferedBytes, ("resource", "buffered-bytes"));
        text.Sample("yarp_ingress_overload_budget", budgets.BufferedBytesPerConnection, ("resource", "buffered-bytes-per-connection"));
        text.Sample("yarp_ingress_overload_budget", budgets.HeaderBytes, ("resource", "header-bytes"));
        text.Family("yarp_ingress_overload_used", "gauge", "What clients take of the budgets.");
        text.Sample("yarp_ingress_overload_used", connections.Count, ("resource", "connections"));
        text.Sample("yarp_ingress_overload_used", requests.Count, ("resource", "requests"));
        text.Sample("yarp_ingress_overload_used", clients.BufferedBytes, ("resource", "buffered-bytes"));
        text.Sample("yarp_ingress_overload_used", requests.HeaderBytes, ("resource", "header-bytes"));
        text.Family("yarp_ingress_overload_memory_ratio", "gauge", "Memory taken, as a part of its limit.");
        text.Sample("yarp_ingress_overload_memory_ratio", memory.Heap, ("resource", "heap"));
        text.Sample("yarp_ingress_overload_memory_ratio", memory.Container, ("resource", "container"));
        text.Family("yarp_ingress_overload_refused_connections_total", "counter", "Connections that were closed because too many were open.");
        text.Sample("yarp_ingress_overload_refused_connections_total", connections.Refused, ("of", "all"));
        text.Sample("yarp_ingress_overload_refused_connections_total", connections.RefusedPerClient, ("of", "client"));
        text.Family("yarp_ingress_overload_active", "gauge", "1 while an action against overload is active, else 0.");
        foreach (var action in actions.All)
            text.Sample("yarp_ingress_overload_active", action.IsActive ? 1 : 0, ("action", action.Name));
        text.Family("yarp_ingress_overload_actions_total", "counter", "What an action has ended, closed or refused.");
        foreach (var action in actions.All)
            text.Sample("yarp_ingress_overload_actions_total", action.Count, ("action", action.Name));
    }
}

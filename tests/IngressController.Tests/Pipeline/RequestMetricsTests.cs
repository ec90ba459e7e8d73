using System.Runtime.CompilerServices;
using IngressController.Metrics;
using IngressController.Pipeline;
using IngressController.Routing.Cluster;
using IngressController.Routing.Values;

namespace IngressController.Tests.Pipeline;

public sealed class RequestMetricsTests
{
    private static readonly ResourceName Ingress = new("team", "shop");

    [Fact]
    public void A_new_route_of_the_same_Ingress_and_Service_keeps_the_counters()
    {
        var metrics = new RequestMetrics();
        var held = metrics.For(Ingress, Ingress);
        held.RequestEnded(200, 0);
        metrics.For(Ingress, Ingress).RequestEnded(204, 0);
        Assert.Contains("yarp_ingress_requests_total{namespace=\"team\",ingress=\"shop\",service=\"shop\",code=\"2xx\"} 2\n", Write(metrics), StringComparison.Ordinal);
        GC.KeepAlive(held);
    }

    [Fact]
    public void Counters_without_a_route_are_collected()
    {
        var metrics = new RequestMetrics();
        Count(metrics);
        GC.Collect();
        Assert.DoesNotContain("shop", Write(metrics), StringComparison.Ordinal);

        [MethodImpl(MethodImplOptions.NoInlining)]
        static void Count(RequestMetrics metrics) => metrics.For(Ingress, null).RequestEnded(200, 0);
    }

    private static string Write(RequestMetrics metrics)
    {
        var text = new PrometheusText();
        metrics.Write(text);
        return text.ToString();
    }
}

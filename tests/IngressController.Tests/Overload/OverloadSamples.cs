using IngressController.Tests.Fakes;

namespace IngressController.Tests.Overload;

/// <summary>The metrics of overload, read from the admin port.</summary>
internal static class OverloadSamples
{
    public static Task<double> UsedAsync(this TestController controller, string resource) =>
        SampleAsync(controller, "yarp_ingress_overload_used", "resource", resource);

    public static Task<double> RefusedConnectionsAsync(this TestController controller, string whose) =>
        SampleAsync(controller, "yarp_ingress_overload_refused_connections_total", "of", whose);

    public static Task<double> ActionsAsync(this TestController controller, string action) =>
        SampleAsync(controller, "yarp_ingress_overload_actions_total", "action", action);

    public static Task<double> ActiveAsync(this TestController controller, string action) =>
        SampleAsync(controller, "yarp_ingress_overload_active", "action", action);

    /// <summary>Waits until something is true that no event tells.</summary>
    public static async Task UntilAsync(Func<Task<bool>> isTrue)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!await isTrue())
            await Task.Delay(20, deadline.Token);
    }

    private static async Task<double> SampleAsync(TestController controller, string name, string label, string value)
    {
        var page = await WireConnection.ExchangeAsync(controller.AdminPort, "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        return PrometheusPage.Parse(page.Body).Single(sample => sample.Name == name && sample.Labels[label] == value).Value;
    }
}

using IngressController.Configuration;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Listeners;

public sealed class HealthPathFixture : ProxyFixture
{
    public override IngressOptions Configure(IngressOptions options)
    {
        var patient = base.Configure(options);
        return patient with { Listener = patient.Listener with { HealthPath = "/healthz" } };
    }
}

/// <summary>Health checks on the ports of clients.</summary>
public sealed class HealthPathTests(HealthPathFixture proxy) : IClassFixture<HealthPathFixture>
{
    [Theory]
    [InlineData("192.0.2.10", "/healthz", 200)]
    [InlineData("192.0.2.10:31234", "/healthz?probe", 200)]
    [InlineData("unknown.example", "/healthz", 200)]
    [InlineData("unknown.example", "/%68ealthz", 200)]
    [InlineData("unknown.example", "/healthz/", 404)]
    [InlineData("unknown.example", "/Healthz", 404)]
    [InlineData("unknown.example", "/", 404)]
    public async Task Health_path_is_answered_for_hosts_without_an_Ingress(string host, string path, int status)
    {
        await proxy.Controller.ApplyAsync("");

        Assert.Equal(status, (await proxy.GetAsync(host, path)).Status);
    }

    [Fact]
    public async Task Hosts_and_aliases_of_Ingresses_have_the_path_themselves_and_rules_without_a_host_do_not()
    {
        await using var app = WireBackend.Answer(WireBackend.Ok("app"));
        await proxy.Controller.ApplyAsync(
            Manifests.Service("app", [app.Port]) + Manifests.Ingress("named", "app.example", "app", annotations: "server-alias: \"alias.example\"")
            + Manifests.Ingress("wild", "*.wild.example", "app") + Manifests.Ingress("any", "", "app"));

        foreach (var host in (string[])["app.example", "APP.example:80", "alias.example", "x.wild.example"])
            Assert.Equal("app", (await proxy.GetAsync(host, "/healthz")).Body);
        Assert.Equal("200 OK: the proxy serves requests\n", (await proxy.GetAsync("192.0.2.10", "/healthz")).Body);
        Assert.Equal("app", (await proxy.GetAsync("192.0.2.10", "/other")).Body);
    }

    [Fact]
    public async Task Without_the_option_the_path_is_not_special()
    {
        await using var controller = await TestController.StartAsync("");

        Assert.Equal(404, (await WireConnection.ExchangeAsync(controller.HttpPort, "GET /healthz HTTP/1.1\r\nHost: 192.0.2.10\r\n\r\n")).Status);
    }

    [Fact]
    public async Task Replica_that_shuts_down_is_not_healthy()
    {
        await using var controller = await TestController.StartAsync("", options => options with
        {
            Listener = options.Listener with { HealthPath = "/healthz" },
            Shutdown = options.Shutdown with { Delay = TimeSpan.FromSeconds(60) },
        });
        const string Probe = "GET /healthz HTTP/1.1\r\nHost: 192.0.2.10\r\n\r\n";
        Assert.Equal(200, (await WireConnection.ExchangeAsync(controller.HttpPort, Probe)).Status);

        _ = controller.StopAsync();
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while ((await WireConnection.ExchangeAsync(controller.HttpPort, Probe)).Status != 503)
            deadline.Token.ThrowIfCancellationRequested();
    }
}

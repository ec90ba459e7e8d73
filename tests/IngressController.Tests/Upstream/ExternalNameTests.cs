using System.Net;
using System.Net.Http.Json;
using IngressController.Configuration;
using IngressController.Demo;
using IngressController.Routing.Settings;
using IngressController.Routing.Table;
using IngressController.Tests.Fakes;
using IngressController.Tests.Forwarding;
using IngressController.Upstream;
using IngressController.Views;
using Microsoft.AspNetCore.Http;

namespace IngressController.Tests.Upstream;

public sealed class ExternalNameTests
{
    private static readonly UpstreamTransport ToNames = new(BackendProtocol.Http, IsExternal: true, UpstreamSettings.Default);

    [Fact]
    public async Task A_name_is_connected_to_with_the_clients_Host_if_loopback_is_allowed()
    {
        var pod = new EchoPod("outside", "outside-1");
        await using var backend = await EchoBackend.StartAsync([pod], CancellationToken.None);
        await using var controller = await TestController.StartAsync(
            Service("localhost") + Ingress(backend.Ports[pod]),
            options => options with
            {
                Translation = options.Translation with { AllowExternalNameLoopback = true },
                Upstream = options.Upstream with { AllowExternalNameLoopback = true },
            });

        var echo = await controller.Client.GetFromJsonAsync<Echo>("http://app.example/x");
        Assert.Equal(("outside", "app.example"), (echo!.Service, echo.Host));
    }

    [Theory]
    [InlineData("localhost")]
    [InlineData("127.0.0.1")]
    [InlineData("169.254.169.254")]
    public async Task Local_and_link_local_names_return_503(string externalName)
    {
        await using var controller = await TestController.StartAsync(Service(externalName) + Ingress(80));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await controller.Client.GetAsync("http://app.example/")).StatusCode);
    }

    [Fact]
    public async Task A_name_is_resolved_as_absolute_and_again_when_the_lifetime_of_connections_ends()
    {
        await using var first = await KestrelBackend.StartAsync(context => context.Response.WriteAsync("first"));
        await using var second = await KestrelBackend.StartAsync(
            context => context.Response.WriteAsync("second"), at: new IPEndPoint(IPAddress.Parse("127.0.0.2"), first.Port));
        var answer = IPAddress.Loopback;
        var resolved = new List<string>();
        using var clients = new UpstreamClients(
            new UpstreamOptions { AllowExternalNameLoopback = true, NameLifetime = TimeSpan.FromMilliseconds(50) },
            (name, _) =>
            {
                resolved.Add(name);
                return Task.FromResult<IPAddress[]>([answer]);
            },
            TimeProvider.System);

        Assert.Equal("first", await GetAsync(clients, first.Port));

        answer = IPAddress.Parse("127.0.0.2");
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (await GetAsync(clients, first.Port) != "second")
            deadline.Token.ThrowIfCancellationRequested();
        Assert.All(resolved, name => Assert.Equal("db.example.", name));
    }

    [Fact]
    public async Task A_DNS_response_with_local_addresses_is_refused()
    {
        using var clients = new UpstreamClients(new UpstreamOptions(), (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Parse("169.254.169.254"), IPAddress.IPv6Loopback]), TimeProvider.System);
        var error = await Assert.ThrowsAsync<HttpRequestException>(() => GetAsync(clients, 80));
        Assert.IsType<UpstreamAddressRefusedException>(error.InnerException);
    }

    [Fact]
    public async Task A_name_that_resolves_to_an_interface_address_is_refused()
    {
        // If the machine has only loopback, that is used, which is refused without a check of interfaces.
        var own = InterfaceAddresses.ReadAll().FirstOrDefault(address => !ExternalAddress.IsLocal(address));
        using var clients = new UpstreamClients(new UpstreamOptions(), (_, _) => Task.FromResult<IPAddress[]>([own ?? IPAddress.Loopback]), TimeProvider.System);
        var error = await Assert.ThrowsAsync<HttpRequestException>(() => GetAsync(clients, 80));
        Assert.IsType<UpstreamAddressRefusedException>(error.InnerException);
    }

    [Fact]
    public void Interface_addresses_match_in_every_notation_and_are_reloaded()
    {
        var clock = new FailureLogTests.Clock();
        List<IPAddress> addresses = [IPAddress.Parse("10.1.2.3"), IPAddress.Parse("fd00::5%3")];
        var reads = 0;
        var own = new InterfaceAddresses(
            () =>
            {
                reads++;
                return [.. addresses];
            },
            clock);

        Assert.True(own.Contains(IPAddress.Parse("10.1.2.3")));
        Assert.True(own.Contains(IPAddress.Parse("::ffff:10.1.2.3")));
        Assert.True(own.Contains(IPAddress.Parse("fd00::5")));
        Assert.False(own.Contains(IPAddress.Parse("10.1.2.4")));
        addresses.Add(IPAddress.Parse("10.1.2.4"));
        clock.Now += TimeSpan.FromSeconds(29);
        Assert.False(own.Contains(IPAddress.Parse("10.1.2.4")));
        Assert.Equal(1, reads);
        clock.Now += TimeSpan.FromSeconds(1);
        Assert.True(own.Contains(IPAddress.Parse("10.1.2.4")));
        Assert.Equal(2, reads);
    }

    [Fact]
    public async Task An_untrusted_certificate_returns_502_and_is_logged()
    {
        await using var backend = await KestrelBackend.StartAsync(context => context.Response.WriteAsync("secret"), withTls: true);
        await using var controller = await TestController.StartAsync(
            Service("localhost", $"ports: [{{port: {backend.Port}, appProtocol: https}}]") + Ingress(backend.Port),
            options => options with
            {
                Translation = options.Translation with { AllowExternalNameLoopback = true },
                Upstream = options.Upstream with { AllowExternalNameLoopback = true },
            });

        Assert.Equal(HttpStatusCode.BadGateway, (await controller.Client.GetAsync("http://app.example/")).StatusCode);
        await controller.Log.WaitForAsync("the certificate of localhost was refused: RemoteCertificateNameMismatch, RemoteCertificateChainErrors");
    }

    private static async Task<string> GetAsync(UpstreamClients clients, int port)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://db.example.:{port}/");
        using var response = await clients.Get(ToNames).SendAsync(request, CancellationToken.None);
        return await response.Content.ReadAsStringAsync();
    }

    private static string Service(string externalName, string more = "ports: []") => $$"""
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: outside}
        spec: {type: ExternalName, externalName: "{{externalName}}", {{more}}}

        """;

    private static string Ingress(int port) => Manifests.Ingress("i", "app.example", "outside").Replace("number: 80", $"number: {port}", StringComparison.Ordinal);
}

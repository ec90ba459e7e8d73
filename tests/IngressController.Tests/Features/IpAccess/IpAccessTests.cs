using System.Net;
using IngressController.Configuration;
using IngressController.Routing.Features.IpAccess;
using IngressController.Routing.Settings;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Features.IpAccess;

public sealed class IpAccessTests(AccessFixture proxy) : IClassFixture<AccessFixture>
{
    [Theory]
    [InlineData("127.0.0.1", 200)]
    [InlineData("127.0.0.2", 403)]
    public async Task Only_clients_of_the_allow_list_get_access(string client, int status)
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        var host = await proxy.ServeAsync(backend, ("allowlist-source-range", "127.0.0.1, 10.0.0.0/8"));
        Assert.Equal(status, (await proxy.GetFromAsync(client, host)).Status);
        Assert.Equal(status == 200 ? 1 : 0, backend.Requests.Count);
    }

    [Theory]
    [InlineData("127.0.0.1", 200)]
    [InlineData("127.0.0.2", 403)]
    public async Task The_deny_list_takes_precedence_over_the_allow_list(string client, int status)
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        var host = await proxy.ServeAsync(backend, ("allowlist-source-range", "127.0.0.0/8"), ("denylist-source-range", "127.0.0.2"));
        Assert.Equal(status, (await proxy.GetFromAsync(client, host)).Status);
    }

    [Theory]
    [InlineData("X-Forwarded-For: 127.0.0.1\r\n")]
    [InlineData("X-Real-IP: 127.0.0.1\r\n")]
    [InlineData("Forwarded: for=127.0.0.1\r\n")]
    [InlineData("X-Forwarded-For: 127.0.0.1, 127.0.0.1\r\nX_Forwarded_For: 127.0.0.1\r\nX-Original-Forwarded-For: 127.0.0.1\r\n")]
    public async Task Forwarding_headers_of_a_client_are_ignored(string fields)
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        var host = await proxy.ServeAsync(backend, ("allowlist-source-range", "127.0.0.1"));
        Assert.Equal(403, (await proxy.GetFromAsync("127.0.0.3", host, fields)).Status);
        var denied = await proxy.ServeAsync(backend, ("denylist-source-range", "127.0.0.3"));
        Assert.Equal(403, (await proxy.GetFromAsync("127.0.0.3", denied, fields)).Status);
        Assert.Empty(backend.Requests);
    }

    [Theory]
    [InlineData("allowlist-source-range", "127.0.0.1, 127.0.0.0/33")]
    [InlineData("whitelist-source-range", "everybody")]
    [InlineData("denylist-source-range", "10.0.0.0/8,")]
    [InlineData("denylist-source-range", "office")]
    public async Task An_invalid_list_fails_closed(string name, string value)
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        var host = await proxy.ServeAsync(backend, (name, value));
        // A trailing comma adds no entry.
        Assert.Equal(value.EndsWith(',') ? 200 : 503, (await proxy.GetAsync(host)).Status);
    }

    [Fact]
    public async Task An_IPv4_client_of_a_dual_stack_socket_is_allowed_as_IPv4()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        await using var controller = await TestController.StartAsync(
            Manifests.Service("web", [backend.Port]) + Manifests.Ingress("web", "app.example", "web"),
            options => options with
            {
                Listener = options.Listener with { BindAddress = IPAddress.IPv6Any },
                Translation = options.Translation with { Global = Lists("127.0.0.1", null) },
            });
        Assert.Equal(200, (await WireConnection.ExchangeAsync(controller.HttpPort, "GET / HTTP/1.1\r\nHost: app.example\r\n\r\n")).Status);
    }

    [Fact]
    public async Task An_IPv4_client_of_a_dual_stack_socket_is_denied_as_IPv4()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        await using var controller = await TestController.StartAsync(
            Manifests.Service("web", [backend.Port]) + Manifests.Ingress("web", "app.example", "web"),
            options => options with
            {
                Listener = options.Listener with { BindAddress = IPAddress.IPv6Any },
                Translation = options.Translation with { Global = Lists(null, "::ffff:127.0.0.0/104") },
            });
        Assert.Equal(403, (await WireConnection.ExchangeAsync(controller.HttpPort, "GET / HTTP/1.1\r\nHost: app.example\r\n\r\n")).Status);
    }

    [Theory]
    [InlineData("127.0.0.1", 403)]
    [InlineData("127.0.0.2", 200)]
    public async Task The_list_of_an_Ingress_replaces_the_list_of_the_settings(string client, int own)
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        await using var fixture = new WithGlobalList();
        await fixture.InitializeAsync();
        var silent = await fixture.ServeAsync(backend);
        var replaced = await fixture.ServeAsync(backend, ("allowlist-source-range", "127.0.0.2"));
        Assert.Equal(own, (await fixture.GetFromAsync(client, replaced)).Status);
        Assert.Equal(own == 200 ? 403 : 200, (await fixture.GetFromAsync(client, silent)).Status);
    }

    private static GlobalSettings Lists(string? allow, string? deny) => GlobalSettings.Default.With(new IpAccessSettings
    {
        AllowlistSourceRange = Set(allow),
        DenylistSourceRange = Set(deny),
    });

    private static IpNetworkSet? Set(string? list) => list is not null && IpNetworkSet.TryParse(list, out var set, out _) ? set : null;

    private sealed class WithGlobalList : AccessFixture, IAsyncDisposable
    {
        public override IngressOptions Configure(IngressOptions options)
        {
            options = base.Configure(options);
            return options with { Translation = options.Translation with { Global = Lists("127.0.0.1", null) } };
        }

        public new ValueTask DisposeAsync() => new(base.DisposeAsync());
    }
}

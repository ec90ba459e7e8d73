using System.Net;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.TrustedProxies;

/// <summary>The peers whose forwarding headers are trusted.</summary>
public sealed class ForwardedHeaderTests(SettingsFixture proxy) : IClassFixture<SettingsFixture>
{
    private const string Spoof =
        "X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil.example\r\nX-Forwarded-Port: 444\r\nX-Request-ID: mine\r\n";

    private static readonly (string, string) Use = ("use-forwarded-headers", "true");
    private static readonly (string, string) TrustPeer = ("proxy-real-ip-cidr", "127.0.0.0/8");

    [Fact]
    public async Task No_peer_is_trusted_by_default()
    {
        await proxy.SetAsync();
        await AssertNothingIsBelievedAsync();
    }

    [Fact]
    public async Task No_peer_is_trusted_without_trusted_networks()
    {
        await proxy.SetAsync(Use, ("enable-real-ip", "true"));
        await AssertNothingIsBelievedAsync();
    }

    [Fact]
    public async Task A_peer_outside_the_trusted_networks_is_not_trusted()
    {
        await proxy.SetAsync(Use, ("proxy-real-ip-cidr", "10.0.0.0/8, 127.0.0.2, ::1"), ("compute-full-forwarded-for", "true"));
        await AssertNothingIsBelievedAsync();
    }

    [Fact]
    public async Task Trusted_networks_alone_make_no_peer_trusted()
    {
        await proxy.SetAsync(TrustPeer);
        await AssertNothingIsBelievedAsync();
    }

    [Fact]
    public async Task Address_scheme_host_port_and_id_of_a_trusted_peer_are_used()
    {
        await proxy.SetAsync(Use, TrustPeer);
        var received = await proxy.SendAsync(Spoof);
        Assert.Equal(SettingsFixture.Host, received.One("Host"));
        Assert.Equal("203.0.113.9", received.One("X-Forwarded-For"));
        Assert.Equal("203.0.113.9", received.One("X-Real-IP"));
        Assert.Equal("203.0.113.9", received.One("X-Original-Forwarded-For"));
        Assert.Equal("https", received.One("X-Forwarded-Proto"));
        Assert.Equal("evil.example", received.One("X-Forwarded-Host"));
        Assert.Equal("444", received.One("X-Forwarded-Port"));
        Assert.Equal("mine", received.One("X-Request-ID"));
    }

    [Fact]
    public async Task With_enable_real_ip_only_the_address_of_a_trusted_peer_is_used()
    {
        await proxy.SetAsync(("enable-real-ip", "true"), TrustPeer);
        var received = await proxy.SendAsync(Spoof);
        Assert.Equal("203.0.113.9", received.One("X-Forwarded-For"));
        Assert.Equal("203.0.113.9", received.One("X-Real-IP"));
        Assert.Equal("http", received.One("X-Forwarded-Proto"));
        Assert.Equal(SettingsFixture.Host, received.One("X-Forwarded-Host"));
        Assert.Equal("80", received.One("X-Forwarded-Port"));
    }

    [Theory]
    [InlineData("203.0.113.9", "203.0.113.9")]
    [InlineData("6.6.6.6, 203.0.113.9", "203.0.113.9")]
    [InlineData("6.6.6.6, 203.0.113.9, 10.0.0.1, 10.0.0.2", "203.0.113.9")]
    [InlineData("10.0.0.7, 10.0.0.1", "10.0.0.7")]
    [InlineData("203.0.113.9:4711, 10.0.0.1:80", "203.0.113.9")]
    [InlineData("[2001:db8::9]:4711", "2001:db8::9")]
    [InlineData("[2001:db8::9]", "2001:db8::9")]
    [InlineData("2001:db8::9", "2001:db8::9")]
    [InlineData("::ffff:203.0.113.9", "203.0.113.9")]
    [InlineData("203.0.113.9, ::ffff:10.0.0.1", "203.0.113.9")]
    [InlineData(" , 203.0.113.9 ,, ", "203.0.113.9")]
    // An entry that is not an address ends the search at the address found before.
    [InlineData("203.0.113.9, unknown, 10.0.0.1", "10.0.0.1")]
    [InlineData("203.0.113.9, _hidden", "127.0.0.1")]
    [InlineData("203.0.113.9, 10.0.0.01", "127.0.0.1")]
    [InlineData("203.0.113.9, 167772161", "127.0.0.1")]
    [InlineData("203.0.113.9, 10.1", "127.0.0.1")]
    [InlineData("203.0.113.9, 10.0.0.1:", "127.0.0.1")]
    [InlineData("203.0.113.9, 10.0.0.1:66000", "127.0.0.1")]
    [InlineData("203.0.113.9, [::1", "127.0.0.1")]
    [InlineData("203.0.113.9, [::1]x", "127.0.0.1")]
    [InlineData("203.0.113.9, [10.0.0.1]", "127.0.0.1")]
    [InlineData("203.0.113.9, fe80::1%eth0", "127.0.0.1")]
    [InlineData("203.0.113.9, 10.0.0.1 10.0.0.2", "127.0.0.1")]
    [InlineData("\"203.0.113.9\"", "127.0.0.1")]
    [InlineData("", "127.0.0.1")]
    public async Task The_client_is_the_last_untrusted_address_of_the_chain(string chain, string client)
    {
        await proxy.SetAsync(Use, ("proxy-real-ip-cidr", "127.0.0.0/8,10.0.0.0/8"));
        var received = await proxy.SendAsync($"X-Forwarded-For: {chain}\r\n");
        Assert.Equal(client, received.One("X-Forwarded-For"));
        Assert.Equal(client, received.One("X-Real-IP"));
    }

    [Fact]
    public async Task Several_lines_are_one_chain()
    {
        await proxy.SetAsync(Use, ("proxy-real-ip-cidr", "127.0.0.0/8,10.0.0.0/8"), ("compute-full-forwarded-for", "true"));
        var received = await proxy.SendAsync("X-Forwarded-For: 6.6.6.6, 203.0.113.9\r\nX-Other: 1\r\nx-forwarded-for: 10.0.0.1\r\n");
        Assert.Equal("203.0.113.9", received.One("X-Real-IP"));
        Assert.Equal("6.6.6.6, 203.0.113.9, 10.0.0.1, 127.0.0.1", received.One("X-Forwarded-For"));
    }

    [Fact]
    public async Task A_chain_of_hundreds_of_entries_is_read_completely()
    {
        await proxy.SetAsync(Use, ("proxy-real-ip-cidr", "127.0.0.0/8,10.0.0.0/8"));
        var chain = string.Join(',', Enumerable.Range(0, 900).Select(i => $"10.0.{i / 250}.{i % 250}").Prepend("203.0.113.9"));
        Assert.Equal("203.0.113.9", (await proxy.SendAsync($"X-Forwarded-For: {chain}\r\n")).One("X-Real-IP"));
    }

    [Theory]
    // If proxies append values, everything left of the value of the first trusted proxy can be forged by the client.
    [InlineData("6.6.6.6, 203.0.113.9, 10.0.0.1", "https, http, https", "evil.example, shop.example, inner.example", "http", "shop.example")]
    [InlineData("203.0.113.9, 10.0.0.1", "https", "shop.example", "https", "shop.example")]
    [InlineData("203.0.113.9", "http, https", "evil.example, shop.example", "https", "shop.example")]
    [InlineData("203.0.113.9", "HTTPS", "shop.example:8443", "https", "shop.example:8443")]
    [InlineData("203.0.113.9", "ftp", "a b", "http", "app.example")]
    [InlineData("203.0.113.9", "", "evil.example/x", "http", "app.example")]
    public async Task Scheme_and_host_are_those_at_the_first_trusted_proxy(string chain, string proto, string hosts, string expectedProto, string expectedHost)
    {
        await proxy.SetAsync(Use, ("proxy-real-ip-cidr", "127.0.0.0/8,10.0.0.0/8"));
        var received = await proxy.SendAsync($"X-Forwarded-For: {chain}\r\nX-Forwarded-Proto: {proto}\r\nX-Forwarded-Host: {hosts}\r\n");
        Assert.Equal(expectedProto, received.One("X-Forwarded-Proto"));
        Assert.Equal(expectedHost, received.One("X-Forwarded-Host"));
    }

    [Theory]
    [InlineData("", "", "http", "80")]
    [InlineData("https", "", "https", "443")]
    [InlineData("https", "8443", "https", "8443")]
    [InlineData("https", "0", "https", "443")]
    [InlineData("https", "x", "https", "443")]
    [InlineData("https", "65536", "https", "443")]
    public async Task The_port_is_the_forwarded_one_or_the_default_of_the_scheme(string proto, string port, string expectedProto, string expectedPort)
    {
        await proxy.SetAsync(Use, TrustPeer);
        var received = await proxy.SendAsync($"X-Forwarded-Proto: {proto}\r\nX-Forwarded-Port: {port}\r\n");
        Assert.Equal(expectedProto, received.One("X-Forwarded-Proto"));
        Assert.Equal(expectedPort, received.One("X-Forwarded-Port"));
    }

    [Fact]
    public async Task Requests_of_one_connection_are_independent()
    {
        await proxy.SetAsync(Use, TrustPeer);
        proxy.Backend.Requests.Clear();
        await using var connection = await proxy.ConnectAsync();
        await connection.SendAsync($"GET / HTTP/1.1\r\nHost: {SettingsFixture.Host}\r\n{Spoof}\r\n");
        await connection.ReadResponseAsync();
        await connection.SendAsync($"GET / HTTP/1.1\r\nHost: {SettingsFixture.Host}\r\n\r\n");
        await connection.ReadResponseAsync();
        var second = proxy.Backend.Requests.Last();
        Assert.Equal("127.0.0.1", second.One("X-Real-IP"));
        Assert.Equal("http", second.One("X-Forwarded-Proto"));
        Assert.Equal(SettingsFixture.Host, second.One("X-Forwarded-Host"));
        Assert.Equal("80", second.One("X-Forwarded-Port"));
        Assert.Null(second.One("X-Original-Forwarded-For"));
        Assert.Matches("^[0-9a-f]{32}$", second.One("X-Request-ID")!);
    }

    [Fact]
    public async Task A_custom_header_can_hold_the_chain_and_is_forwarded_only_from_trusted_peers()
    {
        await proxy.SetAsync(Use, TrustPeer, ("forwarded-for-header", "CF-Connecting-IP"));
        var trusted = await proxy.SendAsync("CF-Connecting-IP: 203.0.113.9\r\nX-Forwarded-For: 6.6.6.6\r\n");
        Assert.Equal("203.0.113.9", trusted.One("X-Forwarded-For"));
        Assert.Equal("203.0.113.9", trusted.One("CF-Connecting-IP"));

        await proxy.SetAsync(Use, ("proxy-real-ip-cidr", "10.0.0.0/8"), ("forwarded-for-header", "CF-Connecting-IP"));
        var spoofed = await proxy.SendAsync("CF-Connecting-IP: 203.0.113.9\r\n");
        Assert.Equal("127.0.0.1", spoofed.One("X-Forwarded-For"));
        Assert.Null(spoofed.One("CF-Connecting-IP"));
    }

    [Theory]
    [InlineData("mine", true)]
    [InlineData("550e8400-e29b-41d4-a716-446655440000", true)]
    [InlineData("Root=1-67891233-abcdef012345678912345678", true)]
    [InlineData("", false)]
    [InlineData("a b", false)]
    [InlineData("a\"b", false)]
    public async Task The_id_of_a_trusted_peer_is_kept_if_it_is_safe_to_log(string id, bool isKept)
    {
        await proxy.SetAsync(Use, TrustPeer);
        var received = (await proxy.SendAsync($"X-Request-ID: {id}\r\n")).One("X-Request-ID")!;
        if (isKept)
            Assert.Equal(id, received);
        else
            Assert.Matches("^[0-9a-f]{32}$", received);
    }

    [Fact]
    public async Task Without_generate_request_id_only_the_id_of_a_trusted_peer_is_forwarded()
    {
        await proxy.SetAsync(("generate-request-id", "false"));
        Assert.Null((await proxy.SendAsync("X-Request-ID: mine\r\n")).One("X-Request-ID"));
        await proxy.SetAsync(("generate-request-id", "false"), Use, TrustPeer);
        Assert.Null((await proxy.SendAsync("")).One("X-Request-ID"));
        Assert.Equal("mine", (await proxy.SendAsync("X-Request-ID: mine\r\n")).One("X-Request-ID"));
    }

    [Fact]
    public async Task X_Original_URI_is_set_on_request_and_replaces_the_clients_value()
    {
        await proxy.SetAsync(("proxy-add-original-uri-header", "true"));
        Assert.Equal("/a/../%62?c=%20&d", (await proxy.SendAsync("X-Original-URI: /evil\r\n", "/a/../%62?c=%20&d")).One("X-Original-URI"));
        await proxy.SetAsync();
        Assert.Null((await proxy.SendAsync("")).One("X-Original-URI"));
    }

    [Fact]
    public async Task A_change_of_the_settings_applies_to_the_next_request()
    {
        await proxy.SetAsync(Use, TrustPeer);
        Assert.Equal("203.0.113.9", (await proxy.SendAsync(Spoof)).One("X-Real-IP"));
        await proxy.SetAsync(Use);
        Assert.Equal("127.0.0.1", (await proxy.SendAsync(Spoof)).One("X-Real-IP"));
        await proxy.SetAsync(Use, TrustPeer);
        Assert.Equal("203.0.113.9", (await proxy.SendAsync(Spoof)).One("X-Real-IP"));
    }

    [Fact]
    public async Task A_dual_stack_listener_treats_an_IPv4_peer_as_IPv4()
    {
        await using var backend = WireBackend.Answer(request => WireBackend.Ok(request.One("X-Real-IP")!));
        await using var controller = await TestController.StartAsync(
            Manifests.Service("app", [backend.Port]) + Manifests.Ingress("app", SettingsFixture.Host, "app"),
            options => options with
            {
                Listener = options.Listener with { BindAddress = IPAddress.IPv6Any },
                Translation = options.Translation with
                {
                    Global = options.Translation.Global with
                    {
                        Forwarding = new() { UseForwardedHeaders = true, ProxyRealIpCidr = new([IPNetwork.Parse("127.0.0.0/8")]) },
                    },
                },
            });
        var response = await WireConnection.ExchangeAsync(controller.HttpPort, $"GET / HTTP/1.1\r\nHost: {SettingsFixture.Host}\r\nX-Forwarded-For: 203.0.113.9\r\n\r\n");
        Assert.Equal("203.0.113.9", response.Body);
    }

    private async Task AssertNothingIsBelievedAsync()
    {
        var received = await proxy.SendAsync(Spoof);
        Assert.Equal("127.0.0.1", received.One("X-Forwarded-For"));
        Assert.Equal("127.0.0.1", received.One("X-Real-IP"));
        Assert.Equal("http", received.One("X-Forwarded-Proto"));
        Assert.Equal(SettingsFixture.Host, received.One("X-Forwarded-Host"));
        Assert.Equal("80", received.One("X-Forwarded-Port"));
        Assert.Null(received.One("X-Original-Forwarded-For"));
        Assert.Matches("^[0-9a-f]{32}$", received.One("X-Request-ID")!);
    }
}

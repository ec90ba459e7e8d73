using IngressController.Routing.Features.Blocking;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Features.Blocking;

/// <summary>Clients that the operator denies on all routes.</summary>
public sealed class BlockListTests(SettingsFixture proxy) : IClassFixture<SettingsFixture>
{
    [Theory]
    [InlineData("127.0.0.0/8", 403)]
    [InlineData("10.0.0.0/8, 127.0.0.1", 403)]
    [InlineData("10.0.0.0/8, ::1", 200)]
    public async Task Clients_of_blocked_networks_get_403(string networks, int status)
    {
        await proxy.SetAsync(("block-cidrs", networks));
        Assert.Equal(status, (await proxy.GetAsync(SettingsFixture.Host)).Status);
    }

    [Theory]
    [InlineData("bad", "bad", 403)]
    [InlineData("bad", "BAD", 403)]
    [InlineData("bad", "bad bot", 200)]
    [InlineData("good, ~bad", "a bad bot", 403)]
    [InlineData("~bad", "a BAD bot", 200)]
    [InlineData("~*bad", "a BAD bot", 403)]
    [InlineData("~^$", "", 403)]
    [InlineData("~^$", "x", 200)]
    [InlineData("~*^bad[[:alpha:]]+", "BADXYZ/1", 403)]
    [InlineData("~*^bad[[:alpha:]]+", "bad1", 200)]
    [InlineData("~^(?!good)[a-z]++/", "bad/1", 403)]
    [InlineData("~^(?!good)[a-z]++/", "good/1", 200)]
    [InlineData("~^\\w+$", "caf\u00E9", 200)]
    [InlineData("~^caf\u00E9$", "caf\u00C3\u00A9", 403)]
    [InlineData("CAF\u00C9", "caf\u00C3\u0089", 403)]
    public async Task A_blocked_user_agent_gets_403(string list, string agent, int status)
    {
        await proxy.SetAsync(("block-user-agents", list));
        Assert.Equal(status, (await proxy.GetAsync(SettingsFixture.Host, fields: agent.Length == 0 ? "" : $"User-Agent: {agent}\r\n")).Status);
        // The value in another header does not match.
        await proxy.SetAsync(("block-user-agents", "only-this"));
        Assert.Equal(200, (await proxy.GetAsync(SettingsFixture.Host, fields: "Referer: only-this\r\n")).Status);
    }

    [Theory]
    [InlineData("~*spam\\.example", "https://SPAM.example/x", 403)]
    [InlineData("~*spam\\.example", "https://ham.example/x", 200)]
    [InlineData("https://spam.example/", "https://spam.example/", 403)]
    public async Task A_blocked_referer_gets_403(string list, string referer, int status)
    {
        await proxy.SetAsync(("block-referers", list));
        Assert.Equal(status, (await proxy.GetAsync(SettingsFixture.Host, fields: $"Referer: {referer}\r\n")).Status);
    }

    [Fact]
    public async Task The_client_behind_a_trusted_proxy_is_blocked()
    {
        await proxy.SetAsync(("block-cidrs", "203.0.113.0/24"), ("use-forwarded-headers", "true"), ("proxy-real-ip-cidr", "127.0.0.0/8"));
        Assert.Equal(403, (await proxy.GetAsync(SettingsFixture.Host, fields: "X-Forwarded-For: 203.0.113.9\r\n")).Status);
        Assert.Equal(200, (await proxy.GetAsync(SettingsFixture.Host, fields: "X-Forwarded-For: 203.0.114.9\r\n")).Status);
        // A forged chain does not hide the client.
        Assert.Equal(403, (await proxy.GetAsync(SettingsFixture.Host, fields: "X-Forwarded-For: 8.8.8.8, 203.0.113.9\r\n")).Status);
    }

    [Theory]
    [InlineData("block-cidrs", "1.2.3")]
    [InlineData("block-user-agents", "~(")]
    [InlineData("block-user-agents", "~^bot{1,3}$")]
    [InlineData("block-user-agents", "~[[:letter:]]")]
    [InlineData("block-referers", "~(?R)")]
    public async Task An_invalid_list_makes_all_routes_fail_closed_until_it_is_fixed(string key, string value)
    {
        await proxy.SetAsync((key, value));
        Assert.Equal(503, (await proxy.GetAsync(SettingsFixture.Host)).Status);
        await proxy.SetAsync();
        Assert.Equal(200, (await proxy.GetAsync(SettingsFixture.Host)).Status);
    }

    [Fact]
    public async Task No_expression_can_stall_a_request()
    {
        await proxy.SetAsync(("block-user-agents", "~^(a+)+$"));
        Assert.Equal(200, (await proxy.GetAsync(SettingsFixture.Host, fields: $"User-Agent: {new string('a', 7000)}!\r\n")).Status);
    }

    [Fact]
    public async Task Block_lists_apply_to_the_default_backend()
    {
        await using var backend = WireBackend.Answer(_ => WireBackend.Ok("ok"));
        await using var controller = await TestController.StartAsync(
            Manifests.Service("fallback", [backend.Port]),
            options => options with
            {
                Translation = options.Translation with
                {
                    DefaultBackendService = new("default", "fallback"),
                    Global = options.Translation.Global.With(new BlockSettings { Policy = BlockPolicy.None with { UserAgents = [new(TextMatch.Whole, "bad")] } }),
                },
            });
        Assert.Equal(403, (await WireConnection.ExchangeAsync(controller.HttpPort, "GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: bad\r\n\r\n")).Status);
        Assert.Equal(200, (await WireConnection.ExchangeAsync(controller.HttpPort, "GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: good\r\n\r\n")).Status);
    }
}

using System.Net;
using IngressController.Configuration;
using IngressController.Features.JsonWebTokens;
using IngressController.Routing.Features.Authentication;
using IngressController.Tests.Fakes;
using IngressController.Tests.Kubernetes;
using IngressController.Tests.Shutdown;
using Microsoft.Extensions.Logging.Abstractions;

namespace IngressController.Tests.Features.JsonWebTokens;

/// <summary>The fetches of keys on a clock of the test.</summary>
public sealed class JwtKeySetsTests : IAsyncLifetime
{
    private readonly TestIssuer _issuer = new();
    private readonly ManualTimeProvider _time = new();
    private readonly JwtKeyClient _client;
    private readonly JwtKeySets _sets;

    public JwtKeySetsTests()
    {
        _client = new JwtKeyClient(new UpstreamOptions { AllowExternalNameLoopback = true }, Dns.GetHostAddressesAsync, _time);
        _sets = new JwtKeySets(_client, _time, NullLogger<JwtKeySets>.Instance);
    }

    private JwtKeySource Source => new JwtKeySource.Set(new Uri(_issuer.KeysUri));

    [Fact]
    public async Task Routes_with_the_same_address_share_one_fetch()
    {
        var set = _sets.Get(Source);
        Assert.Same(set, _sets.Get(Source));
        await UntilFetchedAsync(set, 1);
        Assert.NotEmpty(set.Find("ec-1", "ES256"));
        Assert.Empty(set.Find("ec-1", "RS256"));
        Assert.Equal(2, set.Find(null, "ES256").Count());
    }

    [Fact]
    public async Task A_new_key_is_fetched_after_five_minutes()
    {
        var set = _sets.Get(Source);
        await UntilFetchedAsync(set, 1);
        _issuer.EcKeyId = "ec-2";
        _time.Advance(JwtKeySets.Lifetime - TimeSpan.FromSeconds(1));
        await LookAsync();
        Assert.Single(_issuer.Fetches);
        _time.Advance(TimeSpan.FromSeconds(1));
        await UntilFetchedAsync(set, 2);
        Assert.NotEmpty(set.Find("ec-2", "ES256"));
        Assert.Empty(set.Find("ec-1", "ES256"));
    }

    [Fact]
    public async Task A_token_with_an_unknown_key_causes_one_fetch_in_ten_seconds()
    {
        var set = _sets.Get(Source);
        await UntilFetchedAsync(set, 1);
        _issuer.EcKeyId = "ec-2";
        Assert.Empty(set.Find("ec-2", "ES256"));
        _time.Advance(JwtKeySets.RetryInterval - TimeSpan.FromSeconds(1));
        await LookAsync();
        Assert.Single(_issuer.Fetches);
        _time.Advance(TimeSpan.FromSeconds(1));
        await UntilFetchedAsync(set, 2);
        Assert.NotEmpty(set.Find("ec-2", "ES256"));
        Assert.False(set.IsKeyMissing);
    }

    [Fact]
    public async Task The_last_keys_stay_while_the_issuer_is_away()
    {
        var set = _sets.Get(Source);
        await UntilFetchedAsync(set, 1);
        var fetches = 1;
        foreach (var answer in new[] { "HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n", WireBackend.Ok("{\"keys\":[]}"), WireBackend.Ok("no JSON") })
        {
            _issuer.Answer = () => answer;
            _time.Advance(JwtKeySets.Lifetime);
            await UntilFetchedAsync(set, ++fetches);
            Assert.NotEmpty(set.Find("ec-1", "ES256"));
        }

        _issuer.Answer = null;
        _issuer.EcKeyId = "ec-3";
        _time.Advance(JwtKeySets.RetryInterval);
        await UntilFetchedAsync(set, ++fetches);
        Assert.NotEmpty(set.Find("ec-3", "ES256"));
    }

    [Fact]
    public void Keys_that_are_too_weak_or_not_for_signatures_are_not_used()
    {
        using var small = System.Security.Cryptography.RSA.Create(1024);
        var set = new JwtKeySet(Source);
        foreach (var key in new[] { TestIssuer.Jwk(small, "1"), TestIssuer.Jwk(_issuer.Rsa, "2", use: "enc"), new { kty = "oct", kid = "3", k = "AAAA" }, new { kty = "RSA", kid = "4" } })
            Assert.NotNull(set.TryReplace(System.Text.Json.JsonSerializer.Serialize(new { keys = new[] { key } })));
        Assert.False(set.HasKeys);
        Assert.Null(set.TryReplace(_issuer.KeySet));
        Assert.True(set.HasKeys);
    }

    public Task InitializeAsync() => _sets.StartAsync(default);

    public async Task DisposeAsync()
    {
        await _sets.StopAsync(default);
        _sets.Dispose();
        _client.Dispose();
        await _issuer.DisposeAsync();
    }

    /// <summary>A fetch of another issuer that begins now ends after the others were looked at.</summary>
    private async Task LookAsync()
    {
        await using var other = new TestIssuer();
        var set = _sets.Get(new JwtKeySource.Set(new Uri(other.KeysUri)));
        await DrainingController.UntilAsync(() => Task.FromResult(set.HasKeys && !set.IsFetching), "another issuer is asked");
    }

    private Task UntilFetchedAsync(JwtKeySet set, int count) =>
        DrainingController.UntilAsync(() => Task.FromResult(_issuer.Fetches.Count() == count && !set.IsFetching), $"fetch {count} has ended");
}

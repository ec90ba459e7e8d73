using IngressController.Tests.Fakes;

namespace IngressController.Tests.Features.LoadBalancing;

/// <summary>upstream-hash-by over real connections.</summary>
public sealed class HashChoiceTests(ProxyFixture proxy) : IClassFixture<ProxyFixture>
{
    private static int _names;

    [Theory]
    [InlineData("$request_uri", "/a/{0}", "")]
    [InlineData("$uri$is_args$args", "/a?x={0}", "")]
    [InlineData("$http_x_user", "/", "X-User: {0}\r\n")]
    [InlineData("$cookie_user", "/", "Cookie: a=b; user={0}\r\n")]
    [InlineData("$arg_id", "/?id={0}", "")]
    [InlineData("${host}-$request_method-$arg_id", "/?id={0}", "")]
    public async Task Requests_with_the_same_key_reach_the_same_endpoint_and_keys_spread(string template, string target, string fields)
    {
        var (backends, host) = await ServeAsync(4, $"upstream-hash-by: \"{template}\"");
        var ports = new HashSet<string>();
        for (var key = 0; key < 40; key++)
        {
            var first = (await GetAsync(key)).Body;
            Assert.Equal(first, (await GetAsync(key)).Body);
            ports.Add(first);
        }

        Assert.Equal(4, ports.Count);
        await DisposeAsync(backends);

        Task<WireMessage> GetAsync(int key) => proxy.GetAsync(host, target.Replace("{0}", $"{key}", StringComparison.Ordinal), fields.Replace("{0}", $"{key}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_key_of_the_client_address_stays_and_one_that_is_empty_takes_turns()
    {
        var (backends, host) = await ServeAsync(3, "upstream-hash-by: $remote_addr");
        var first = (await proxy.GetAsync(host)).Body;
        for (var i = 0; i < 6; i++)
            Assert.Equal(first, (await proxy.GetAsync(host, $"/{i}")).Body);
        await DisposeAsync(backends);

        (backends, host) = await ServeAsync(3, "upstream-hash-by: $http_x_user");
        for (var i = 0; i < 6; i++)
            await proxy.GetAsync(host);
        Assert.All(backends, backend => Assert.Equal(2, backend.Requests.Count));
        await DisposeAsync(backends);
    }

    [Fact]
    public async Task A_subset_of_two_endpoints_shares_the_requests_of_a_key()
    {
        var (backends, host) = await ServeAsync(5, "upstream-hash-by: $arg_id, upstream-hash-by-subset: \"true\", upstream-hash-by-subset-size: \"2\"");
        for (var key = 0; key < 5; key++)
        {
            var ports = new HashSet<string>();
            // One in 2^29 would miss the second.
            for (var i = 0; i < 30; i++)
                ports.Add((await proxy.GetAsync(host, $"/?id={key}")).Body);
            Assert.Equal(2, ports.Count);
        }

        await DisposeAsync(backends);
    }

    [Fact]
    public async Task A_key_whose_endpoint_refuses_connections_is_served_by_one_other()
    {
        var (backends, host) = await ServeAsync(3, "upstream-hash-by: $arg_id");
        var owner = (await proxy.GetAsync(host, "/?id=1")).Body;
        await backends.Single(backend => $"{backend.Port}" == owner).DisposeAsync();
        await proxy.GetAsync(host, "/?id=1");
        // The refusal is remembered, and the next endpoint of the hash takes its place.
        var other = (await proxy.GetAsync(host, "/?id=1")).Body;
        Assert.NotEqual(owner, other);
        for (var i = 0; i < 4; i++)
            Assert.Equal(other, (await proxy.GetAsync(host, "/?id=1")).Body);
        await DisposeAsync(backends);
    }

    private async Task<(WireBackend[] Backends, string Host)> ServeAsync(int count, string annotations)
    {
        var backends = Features.SessionAffinity.SessionFixture.Backends(count);
        var name = $"hash{Interlocked.Increment(ref _names)}";
        await proxy.AddAsync(Manifests.Service(name, backends.Select(backend => backend.Port)) + Manifests.Ingress(name, $"{name}.example", name, annotations: annotations));
        return (backends, $"{name}.example");
    }

    private static async Task DisposeAsync(WireBackend[] backends)
    {
        foreach (var backend in backends)
            await backend.DisposeAsync();
    }
}

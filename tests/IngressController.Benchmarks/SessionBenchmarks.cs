using BenchmarkDotNet.Attributes;
using IngressController.Configuration;
using IngressController.Features.SessionAffinity;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Primitives;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Model;

namespace IngressController.Benchmarks;

/// <summary>The look-up of a session cookie, for a Service with 20 endpoints.</summary>
public class SessionBenchmarks
{
    private readonly SessionKey _key = new(new SessionAffinityOptions(), NullLogger<SessionKey>.Instance);
    private readonly DestinationState[] _endpoints = [.. Enumerable.Range(1, 20).Select(i =>
        new DestinationState($"10.0.0.{i}:8080", new DestinationModel(new DestinationConfig { Address = $"http://10.0.0.{i}:8080" })))];
    private SessionTable _table = null!;
    private StringValues _cookies;

    [Params("balanced", "persistent")]
    public string Mode { get; set; } = "";

    [GlobalSetup]
    public void Setup()
    {
        var service = new ResourceName("default", "web");
        _table = Mode == "balanced" ? new BalancedSessions(_key, service) : new PersistentSessions(_key, service);
        _table.Apply(_endpoints);
        _cookies = $"theme=dark; INGRESSCOOKIE={_table.ValueFor(_endpoints[7])}; lang=en";
    }

    [Benchmark(Description = "find the endpoint of a cookie")]
    public bool Find() => _table.Find(_cookies, "INGRESSCOOKIE") is not null;

    [Benchmark(Description = "a client without a cookie")]
    public bool Miss() => _table.Find("theme=dark; lang=en", "INGRESSCOOKIE") is null;

    [Benchmark(Description = "the value of a new session")]
    public string? NewValue() => _table.ValueFor(_endpoints[7]);

    [Benchmark(Description = "a change of the endpoints")]
    public void Apply() => _table.Apply(_endpoints);
}

using System.Net;
using IngressController.Kubernetes.Client;
using IngressController.Kubernetes.Leasing;
using IngressController.Kubernetes.Serialization;
using IngressController.Kubernetes.Transport;
using IngressController.Kubernetes.Watching;
using IngressController.Sources.Kubernetes;
using IngressController.Tests.Kubernetes;
using Microsoft.Extensions.Logging;
using k8s.Models;

namespace IngressController.Tests.FullStack;

/// <summary>Failures of the API server are logged at once and then once a minute.</summary>
public sealed class SourceLogTests : IDisposable
{
    private static readonly string[] Resources = ["ingresses", "ingressclasses", "services", "endpointslices", "secrets"];

    private readonly ManualTimeProvider _time = new();
    private readonly LogRecorder _recorder = new();
    private readonly LoggerFactory _loggers;
    private readonly SourceLog _log;

    public SourceLogTests()
    {
        _loggers = new LoggerFactory([_recorder]);
        _log = new SourceLog(_loggers.CreateLogger<SourceLog>(), _time);
    }

    public void Dispose() => _loggers.Dispose();

    [Fact]
    public void Failure_of_five_watches_is_one_line_per_minute()
    {
        var refused = new HttpRequestException("Connection refused (127.0.0.1:6443)");
        for (var second = 0; second < 150; second++)
        {
            foreach (var resource in Resources)
                Fail(resource, refused);
            Assert.Equal(1 + (second / 60), _recorder.Lines.Length);
            _time.Advance(TimeSpan.FromSeconds(1));
        }
    }

    /// <summary>Messages of errors contain the request, which has random timeouts and versions.</summary>
    [Fact]
    public void Failures_that_differ_only_in_the_request_are_the_same()
    {
        for (var i = 0; i < 100; i++)
        {
            foreach (var resource in Resources)
            {
                Fail(resource, new ApiServerException(
                    $"GET /api/v1/{resource}?watch=1&resourceVersion={i}&timeoutSeconds={300 + i}", HttpStatusCode.InternalServerError,
                    new V1Status { Reason = "InternalError", Message = $"etcd leader changed {i}" }));
            }
        }

        Assert.Single(_recorder.Lines);
    }

    [Fact]
    public void Different_failures_are_different_lines()
    {
        Fail("services", new HttpRequestException("Connection refused"));
        Fail("services", new HttpRequestException("Name or service not known"));
        Fail("services", new ApiServerException("GET /", HttpStatusCode.TooManyRequests, status: null));
        Fail("services", new ApiServerException("GET /", HttpStatusCode.NotFound, status: null));
        Fail("secrets", new ApiServerException("GET /", HttpStatusCode.NotFound, status: null));
        Assert.Equal(5, _recorder.Lines.Length);
    }

    [Fact]
    public void Forbidden_resource_is_logged_only_when_it_stays_forbidden()
    {
        var forbidden = new ApiServerException("GET /", HttpStatusCode.Forbidden, new V1Status { Reason = "Forbidden", Message = "no" });
        foreach (var resource in Resources)
            Fail(resource, forbidden);
        Assert.Empty(_recorder.Lines);

        Fail("secrets", forbidden);
        Assert.StartsWith("cannot watch secrets in all namespaces: forbidden: no; grant ", Assert.Single(_recorder.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public void Recovery_is_logged_once_a_minute_at_most()
    {
        for (var i = 0; i < 10; i++)
        {
            Fail("services", new EndOfStreamException("cut"));
            _log.OnNotice(new ReflectorNotice.WatchStarted("services", null, "1"));
        }

        Assert.Equal(2, _recorder.Lines.Length);
        Assert.StartsWith("recovered: watching services", _recorder.Lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Each_kind_of_notice_is_one_line()
    {
        var error = new IOException("broken");
        ClientNotice[] ofClient =
        [
            new ClientNotice.ConfigurationWarning("unsafe"), new ClientNotice.CredentialFileUnusable("/token", "empty"),
            new ClientNotice.TransportReloaded("new CA"), new ClientNotice.CredentialRefused("/token"),
        ];
        ReflectorNotice[] ofReflector =
        [
            new ReflectorNotice.Listed("services", "x", 3, Streamed: false), new ReflectorNotice.WatchStarted("services", "x", "7"),
            new ReflectorNotice.WatchEnded("services", "x", TimeSpan.FromSeconds(5), 2), new ReflectorNotice.Relisting("services", "x", "expired"),
            new ReflectorNotice.WatchListUnsupported("services", "x", "old"), new ReflectorNotice.UnknownEvent("services", "x", "NEW"),
            new ReflectorNotice.Undecodable("services", "x", new UndecodableObject("x", "s", null, "no number")),
            new ReflectorNotice.Failed("services", "x", error, TimeSpan.FromSeconds(1), ReflectorStage.List),
        ];
        LeaderNotice[] ofLeader =
        [
            new LeaderNotice.StartedLeading("x/lease"), new LeaderNotice.StoppedLeading("lost"), new LeaderNotice.NewLeader("b"), new LeaderNotice.Released("x/lease"),
            new LeaderNotice.Failed("x/lease", "renew", error, RetryIn: null), new LeaderNotice.Recovered("x/lease"),
        ];
        Assert.Equal(Kinds<ClientNotice>(), ofClient.Select(notice => notice.GetType()).ToHashSet());
        Assert.Equal(Kinds<ReflectorNotice>(), ofReflector.Select(notice => notice.GetType()).ToHashSet());
        Assert.Equal(Kinds<LeaderNotice>(), ofLeader.Select(notice => notice.GetType()).ToHashSet());

        foreach (var notice in ofClient)
            _log.OnNotice(notice);
        foreach (var notice in ofReflector)
            _log.OnNotice(notice);
        foreach (var notice in ofLeader)
            _log.OnNotice(notice);

        Assert.Equal(
            """
            Warning: connection to the API server: unsafe
            Warning: /token cannot be used, its last valid content stays in use: empty
            Warning: opening new connections to the API server: new CA
            Warning: the API server answered 401, reloading the credential from /token
            Debug: listed 3 services in x
            Debug: watching services in x from version '7'
            Debug: the watch of services in x ended after 5 s and 2 events
            Debug: relisting services in x: expired
            Debug: the API server cannot stream the initial state of services in x, listing instead: old
            Warning: ignored an event of the unknown type 'NEW' in the watch of services in x
            Warning: services x/s does not decode, its last known state stays in use: no number
            Warning: cannot list services in x: broken; next attempt in 1 s
            Information: started leading: holds the Lease x/lease
            Information: stopped leading: lost
            Debug: b is the leader
            Debug: released the Lease x/lease
            Debug: cannot renew the Lease x/lease: broken
            Information: recovered: the Lease x/lease can be read and written
            """,
            _recorder.ToString());

        static HashSet<Type> Kinds<T>() => [.. typeof(T).GetNestedTypes().Where(type => type.IsSubclassOf(typeof(T)))];
    }

    private void Fail(string resource, Exception error) =>
        _log.OnNotice(new ReflectorNotice.Failed(resource, null, error, TimeSpan.FromSeconds(1), ReflectorStage.Watch));
}

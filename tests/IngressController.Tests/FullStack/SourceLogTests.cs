using System.Net;
using IngressController.Kubernetes.Client;
using IngressController.Kubernetes.Watching;
using IngressController.Sources.Kubernetes;
using IngressController.Tests.Kubernetes;
using k8s.Models;
using Microsoft.Extensions.Logging;

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

    private void Fail(string resource, Exception error) =>
        _log.OnNotice(new ReflectorNotice.Failed(resource, null, error, TimeSpan.FromSeconds(1), ReflectorStage.Watch));
}

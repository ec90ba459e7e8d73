using System.Globalization;
using System.Text.RegularExpressions;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Features.SessionAffinity;

/// <summary>A controller, and backends that answer with their port.</summary>
public sealed class SessionFixture : ProxyFixture
{
    private int _names;

    /// <summary>A name for the Service, the Ingress and the host of a test.</summary>
    internal string NewName() => $"session{Interlocked.Increment(ref _names)}";

    internal static WireBackend[] Backends(int count) => [.. Enumerable.Range(0, count).Select(_ => Named())];

    /// <summary>A backend that answers with its port.</summary>
    internal static WireBackend Named()
    {
        WireBackend? self = null;
        self = WireBackend.Answer(_ => WireBackend.Ok($"{self!.Port}"));
        return self;
    }

    /// <summary>Serves backends at a host of their own with annotations besides affinity.</summary>
    internal async Task<string> ServeAsync(IEnumerable<WireBackend> backends, string annotations = "", string path = "/")
    {
        var name = NewName();
        await AddAsync(Manifests.Service(name, backends.Select(backend => backend.Port))
            + Manifests.Ingress(name, $"{name}.example", name, path, annotations: $"affinity: cookie{(annotations.Length > 0 ? ", " : "")}{annotations}"));
        return $"{name}.example";
    }

    /// <summary>Sends a GET with a Cookie header.</summary>
    internal Task<WireMessage> VisitAsync(string host, string? cookie, string target = "/") =>
        GetAsync(host, target, cookie is null ? "" : $"Cookie: {cookie}\r\n");

    /// <summary>The cookie of a response as a client sends it back.</summary>
    internal static string CookieOf(WireMessage response) => (response.One("Set-Cookie") ?? throw new InvalidOperationException("no cookie was set")).Split(';')[0];

    /// <summary>The port of the backend that has answered.</summary>
    internal static int PortOf(WireMessage response)
    {
        Assert.Equal(200, response.Status);
        return int.Parse(response.Body, CultureInfo.InvariantCulture);
    }

    /// <summary>A Set-Cookie value with the values replaced by stars.</summary>
    internal static string Shape(string? setCookie) => Regex.Replace(setCookie ?? "", "=[A-Za-z0-9_-]{14,22}(?=;)", "=*", RegexOptions.None, TimeSpan.FromSeconds(1));
}

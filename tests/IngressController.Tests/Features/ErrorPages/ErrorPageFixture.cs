using IngressController.Configuration;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Features.ErrorPages;

/// <summary>A proxy with a Service of pages, which answers as a test says.</summary>
public class ErrorPageFixture : AccessFixture, IAsyncLifetime
{
    private int _services;

    internal WireBackend Pages { get; private set; } = null!;

    /// <summary>The response for a page.</summary>
    internal Func<WireMessage, string> Page { get; set; } = DefaultPage;

    internal static string DefaultPage(WireMessage request) => $"HTTP/1.1 299 Page\r\nContent-Type: text/html\r\nX-Page: yes\r\nContent-Length: 8\r\n\r\npage {request.One("X-Code")}";

    async Task IAsyncLifetime.InitializeAsync()
    {
        Pages = WireBackend.Answer(request => Page(request));
        await InitializeAsync();
        await AddAsync(Manifests.Service("pages", [Pages.Port]));
    }

    async Task IAsyncLifetime.DisposeAsync()
    {
        await DisposeAsync();
        await Pages.DisposeAsync();
    }

    /// <summary>Forgets what a test before has asked for.</summary>
    internal void Reset()
    {
        Page = DefaultPage;
        Pages.Requests.Clear();
    }

    /// <summary>Adds a Service, and returns its name.</summary>
    internal async Task<string> AddServiceAsync(IEnumerable<int> ports, string? appProtocol = null)
    {
        var name = $"more-{++_services}";
        await AddAsync(Manifests.Service(name, ports, appProtocol));
        return name;
    }

    /// <summary>Serves a host whose Service has no endpoint.</summary>
    internal async Task<string> ServeNothingAsync(params (string Name, string Value)[] annotations)
    {
        var name = $"nothing-{++_services}";
        await AddAsync(Manifests.Service(name, []) + AnnotatedIngress.Manifest(name, $"{name}.example", name, annotations));
        return $"{name}.example";
    }
}

/// <summary>The same with requests sent by the HTTP client of .NET.</summary>
public sealed class HttpClientErrorPageFixture : ErrorPageFixture
{
    public override IngressOptions Configure(IngressOptions options)
    {
        options = base.Configure(options);
        return options with { Upstream = options.Upstream with { DirectForwarding = false } };
    }
}

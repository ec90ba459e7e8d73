using System.Net;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Features.ErrorPages;

/// <summary>Services of pages that fail.</summary>
public sealed class ErrorPageFailureTests(ErrorPageFixture proxy) : IClassFixture<ErrorPageFixture>
{
    private const string Error = "HTTP/1.1 503 X\r\nX-Backend: yes\r\nContent-Length: 6\r\n\r\nsecret";

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Le")]
    [InlineData("garbage\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nX-Page: yes\r\nContent-Length: 10\r\n\r\n")]
    [InlineData("HTTP/1.1 999 X\r\nContent-Length: 0\r\n\r\n")]
    public async Task The_original_status_with_a_text_of_the_proxy_remains(string page)
    {
        await using var backend = WireBackend.Answer(Error);
        await using var pages = WireBackend.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync(page);
        });
        var host = await proxy.ServeAsync(backend, ("custom-http-errors", "503"), ("default-backend", await proxy.AddServiceAsync([pages.Port])));
        var response = await proxy.GetAsync(host);
        Assert.Equal((503, "503 Service Unavailable: the backend answered with an error\n"), (response.Status, response.Body));
        Assert.Empty(response.All("X-Backend").Concat(response.All("X-Page")));
    }

    [Fact]
    public async Task A_Service_that_refuses_connections_is_no_error_of_its_own()
    {
        await using var backend = WireBackend.Answer(Error);
        using var refusing = WireBackend.Refusing(out var port);
        var host = await proxy.ServeAsync(backend, ("custom-http-errors", "503"), ("default-backend", await proxy.AddServiceAsync([port])));
        var response = await proxy.GetAsync(host);
        Assert.Equal((503, "text/plain; charset=utf-8"), (response.Status, response.One("Content-Type")));
        Assert.DoesNotContain("secret", response.Body, StringComparison.Ordinal);
        await proxy.Controller.Log.WaitForAsync("no error page from");
    }

    [Fact]
    public async Task Another_endpoint_has_the_page()
    {
        proxy.Reset();
        await using var backend = WireBackend.Answer(Error);
        using var refusing = WireBackend.Refusing(out var port);
        var host = await proxy.ServeAsync(backend, ("custom-http-errors", "503"), ("default-backend", await proxy.AddServiceAsync([port, proxy.Pages.Port])));
        for (var i = 0; i < 4; i++)
            Assert.Equal("page 503", (await proxy.GetAsync(host)).Body);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task A_page_that_is_cut_short_is_not_complete_for_the_client(string version)
    {
        await using var backend = WireBackend.Answer(Error);
        await using var pages = WireBackend.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n");
        });
        var host = await proxy.ServeAsync(backend, ("custom-http-errors", "503"), ("default-backend", await proxy.AddServiceAsync([pages.Port])));
        using var request = new HttpRequestMessage(HttpMethod.Get, $"https://{host}/") { Version = new Version(version), VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using var response = await proxy.Controller.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        await Assert.ThrowsAnyAsync<Exception>(() => response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_large_page_passes_whole()
    {
        await using var backend = WireBackend.Answer(Error);
        var text = string.Concat(Enumerable.Range(0, 50_000).Select(i => $"{i:000000}\n"));
        await using var pages = WireBackend.Answer($"HTTP/1.1 200 OK\r\nContent-Length: {text.Length}\r\n\r\n{text}");
        var host = await proxy.ServeAsync(backend, ("custom-http-errors", "503"), ("default-backend", await proxy.AddServiceAsync([pages.Port])));
        Assert.Equal(text, (await proxy.GetAsync(host)).Body);
    }

    [Fact]
    public async Task A_Service_that_leads_back_to_the_proxy_ends()
    {
        await using var backend = WireBackend.Answer(Error);
        var service = await proxy.AddServiceAsync([proxy.Controller.HttpPort]);
        var host = await proxy.ServeAsync(backend, ("custom-http-errors", "503"), ("default-backend", service));
        Assert.Equal(508, (await proxy.GetAsync(host)).Status);
        Assert.InRange(backend.Requests.Count, 1, 12);
    }
}

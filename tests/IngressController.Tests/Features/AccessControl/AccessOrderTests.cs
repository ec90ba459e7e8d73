using System.Text;
using IngressController.Tests.Fakes;

namespace IngressController.Tests.Features.AccessControl;

/// <summary>
/// The order of access control, with one test per neighboring pair: the first check replies, and the later one does not run.
/// </summary>
public sealed class AccessOrderTests(AccessFixture proxy) : IClassFixture<AccessFixture>
{
    private static readonly string Password = $"Authorization: Basic {Convert.ToBase64String(Encoding.ASCII.GetBytes("alice:secret"))}\r\n";

    [Fact]
    public async Task Fail_closed_takes_precedence_over_the_deny_list() =>
        Assert.Equal(503, await StatusAsync("", ("allowlist-source-range", "nonsense"), ("denylist-source-range", "127.0.0.1")));

    [Fact]
    public async Task The_deny_list_takes_precedence_over_the_allow_list() =>
        Assert.Equal(403, await StatusAsync("", ("denylist-source-range", "127.0.0.1"), ("allowlist-source-range", "127.0.0.1")));

    [Fact]
    public async Task The_allow_list_takes_precedence_over_basic_authentication() =>
        Assert.Equal(403, await StatusAsync("", ("allowlist-source-range", "192.0.2.1"), ("auth-type", "basic"), ("auth-secret", "users")));

    [Fact]
    public async Task Basic_authentication_takes_precedence_over_the_authentication_service()
    {
        await using var auth = WireBackend.Answer("HTTP/1.1 403 X\r\nContent-Length: 0\r\n\r\n");
        Assert.Equal(401, await StatusAsync("", ("auth-type", "basic"), ("auth-secret", "users"), ("auth-url", $"http://127.0.0.1:{auth.Port}/")));
        Assert.Empty(auth.Requests);
        Assert.Equal(403, await StatusAsync(Password, ("auth-type", "basic"), ("auth-secret", "users"), ("auth-url", $"http://127.0.0.1:{auth.Port}/")));
        Assert.Single(auth.Requests);
    }

    [Fact]
    public async Task The_authentication_service_takes_precedence_over_the_backend()
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        await using var auth = WireBackend.Answer("HTTP/1.1 401 X\r\nContent-Length: 0\r\n\r\n");
        Assert.Equal(401, (await proxy.GetAsync(await proxy.ServeAsync(backend, ("auth-url", $"http://127.0.0.1:{auth.Port}/")))).Status);
        Assert.Equal(0, backend.Accepted);
    }

    private async Task<int> StatusAsync(string fields, params (string, string)[] annotations)
    {
        await using var backend = WireBackend.Answer(WireBackend.Ok("in"));
        await proxy.AddSecretAsync("users", "auth", "alice:{PLAIN}secret\\n");
        return (await proxy.GetAsync(await proxy.ServeAsync(backend, annotations), "/", fields)).Status;
    }
}

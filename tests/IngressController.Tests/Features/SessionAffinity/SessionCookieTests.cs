using System.Globalization;
using System.Net.Security;
using System.Text;
using IngressController.Tests.Fakes;
using static IngressController.Tests.Features.SessionAffinity.SessionFixture;

namespace IngressController.Tests.Features.SessionAffinity;

/// <summary>The attributes of the affinity cookie.</summary>
public sealed class SessionCookieTests(SessionFixture proxy) : IClassFixture<SessionFixture>
{
    private const string OldChrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/58.0.3029.110 Safari/537.36";
    private const string NewChrome = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_14_6) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36";
    private const string OldSafari = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_14_6) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/12.1.2 Safari/605.1.15";
    private const string OldPhone = "Mozilla/5.0 (iPhone; CPU iPhone OS 12_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/12.1.2 Mobile/15E148 Safari/604.1";
    private const string OldTablet = "Mozilla/5.0 (iPad; CPU OS 12_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/12.1.2 Mobile/15E148 Safari/604.1";

    [Theory]
    [InlineData("", "/", "INGRESSCOOKIE=*; Path=/; HttpOnly")]
    [InlineData("", "/shop", "INGRESSCOOKIE=*; Path=/shop; HttpOnly")]
    [InlineData("", "/shop/", "INGRESSCOOKIE=*; Path=/shop; HttpOnly")]
    [InlineData("", "/caf%C3%A9", "INGRESSCOOKIE=*; Path=/caf%C3%A9; HttpOnly")]
    [InlineData("", "/a/b;c/d", "INGRESSCOOKIE=*; Path=/a; HttpOnly")]
    [InlineData("session-cookie-name: route", "/", "route=*; Path=/; HttpOnly")]
    [InlineData("session-cookie-path: /all", "/shop", "INGRESSCOOKIE=*; Path=/all; HttpOnly")]
    [InlineData("session-cookie-domain: example.com", "/", "INGRESSCOOKIE=*; Domain=example.com; Path=/; HttpOnly")]
    [InlineData("session-cookie-max-age: \"3600\"", "/", "INGRESSCOOKIE=*; Max-Age=3600; Path=/; HttpOnly")]
    [InlineData("session-cookie-max-age: \"-1\"", "/", "INGRESSCOOKIE=*; Max-Age=-1; Path=/; HttpOnly")]
    [InlineData("session-cookie-secure: \"true\"", "/", "INGRESSCOOKIE=*; Path=/; Secure; HttpOnly")]
    [InlineData("session-cookie-secure: \"false\"", "/", "INGRESSCOOKIE=*; Path=/; HttpOnly")]
    [InlineData("session-cookie-samesite: Lax", "/", "INGRESSCOOKIE=*; Path=/; HttpOnly; SameSite=Lax")]
    [InlineData("session-cookie-samesite: strict", "/", "INGRESSCOOKIE=*; Path=/; HttpOnly; SameSite=Strict")]
    [InlineData("session-cookie-samesite: None", "/", "INGRESSCOOKIE=*; Path=/; HttpOnly; SameSite=None")]
    [InlineData("session-cookie-samesite: Loose, session-cookie-path: shop", "/a", "INGRESSCOOKIE=*; Path=/a; HttpOnly")]
    [InlineData("use-regex: \"true\"", "/(a|b)/.*", "INGRESSCOOKIE=*; Path=/; HttpOnly")]
    [InlineData("use-regex: \"true\", session-cookie-path: /a", "/(a|b)/.*", "INGRESSCOOKIE=*; Path=/a; HttpOnly")]
    public async Task Attributes_are_those_of_the_annotations(string annotations, string path, string expected)
    {
        await using var backend = Named();
        var host = await proxy.ServeAsync([backend], annotations, path);
        var target = path == "/(a|b)/.*" ? "/a/x" : path;
        Assert.Equal(expected, Shape((await proxy.GetAsync(host, target)).One("Set-Cookie")));
    }

    [Theory]
    [InlineData(172_800)]
    [InlineData(-60)]
    public async Task Expires_is_a_date_from_now(int seconds)
    {
        await using var backend = Named();
        var host = await proxy.ServeAsync([backend], $"session-cookie-expires: \"{seconds}\"");
        var before = DateTimeOffset.UtcNow;
        var cookie = (await proxy.GetAsync(host)).One("Set-Cookie")!;
        var text = cookie.Split("; ").Single(part => part.StartsWith("Expires=", StringComparison.Ordinal))["Expires=".Length..];
        var expires = DateTimeOffset.ParseExact(text, "ddd, dd MMM yyyy HH:mm:ss 'GMT'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
        Assert.InRange(expires, before.AddSeconds(seconds - 1), DateTimeOffset.UtcNow.AddSeconds(seconds));
    }

    [Theory]
    [InlineData("", true)]
    [InlineData(NewChrome, true)]
    [InlineData(OldChrome, false)]
    [InlineData(OldSafari, false)]
    [InlineData(OldPhone, false)]
    [InlineData(OldTablet, false)]
    public async Task Old_browsers_get_no_SameSite_None(string browser, bool getsIt)
    {
        await using var backend = Named();
        var host = await proxy.ServeAsync([backend], "session-cookie-samesite: None, session-cookie-conditional-samesite-none: \"true\"");
        var cookie = (await proxy.GetAsync(host, "/", browser.Length == 0 ? "" : $"User-Agent: {browser}\r\n")).One("Set-Cookie")!;
        Assert.Equal(getsIt, cookie.EndsWith("; SameSite=None", StringComparison.Ordinal));

        // Only None is misread.
        host = await proxy.ServeAsync([backend], "session-cookie-samesite: Lax, session-cookie-conditional-samesite-none: \"true\"");
        cookie = (await proxy.GetAsync(host, "/", browser.Length == 0 ? "" : $"User-Agent: {browser}\r\n")).One("Set-Cookie")!;
        Assert.EndsWith("; SameSite=Lax", cookie, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("session-cookie-secure: \"false\"")]
    public async Task A_client_of_https_gets_a_Secure_cookie(string annotations)
    {
        await using var backend = Named();
        var host = await proxy.ServeAsync([backend], annotations);
        await using var connection = await WireConnection.ConnectAsync(
            proxy.Controller.HttpsPort, new SslClientAuthenticationOptions { TargetHost = host, RemoteCertificateValidationCallback = (_, _, _, _) => true });
        await connection.SendAsync($"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
        Assert.Equal("INGRESSCOOKIE=*; Path=/; Secure; HttpOnly", Shape((await connection.ReadResponseAsync()).One("Set-Cookie")));
    }

    [Theory]
    [InlineData("balanced")]
    [InlineData("persistent")]
    public async Task A_value_shows_no_address(string mode)
    {
        await using var backend = Named();
        var host = await proxy.ServeAsync([backend], $"affinity-mode: {mode}");
        var value = CookieOf(await proxy.GetAsync(host)).Split('=')[1];
        var bytes = System.Buffers.Text.Base64Url.DecodeFromChars(value);
        Assert.DoesNotContain("127.0.0.1", Encoding.Latin1.GetString(bytes), StringComparison.Ordinal);
        Assert.Equal(-1, bytes.AsSpan().IndexOf(new byte[] { 127, 0, 0, 1 }));
    }
}

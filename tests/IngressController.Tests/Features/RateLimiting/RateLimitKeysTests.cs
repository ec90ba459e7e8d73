using System.Net;
using IngressController.Features.RateLimiting;
using IngressController.Routing.Features.RateLimiting;
using Microsoft.AspNetCore.Http;

namespace IngressController.Tests.Features.RateLimiting;

public sealed class RateLimitKeysTests
{
    [Theory]
    [InlineData("192.0.2.1", "192.0.2.1", true)]
    [InlineData("192.0.2.1", "192.0.2.2", false)]
    [InlineData("192.0.2.1", "::ffff:192.0.2.1", true)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", true)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:3::1", false)]
    [InlineData("fe80::1%1", "fe80::1%2", true)]
    [InlineData("::1", "0.0.0.0", false)]
    public void Addresses_of_one_client_share_a_key(string left, string right, bool areOne) =>
        Assert.Equal(areOne, Of("client-ip", Request(), left) == Of("client-ip", Request(), right));

    [Theory]
    [InlineData("header:X-Api-Key")]
    [InlineData("cookie:session")]
    [InlineData("query:key")]
    [InlineData("client-ip,header:X-Api-Key")]
    public void Each_value_has_its_own_key_and_a_missing_value_is_empty(string key)
    {
        Assert.Equal(Of(key, Request("a")), Of(key, Request("a")));
        Assert.NotEqual(Of(key, Request("a")), Of(key, Request("b")));
        Assert.NotEqual(Of(key, Request("a")), Of(key, Request()));
        Assert.Equal(Of(key, Request("")), Of(key, Request()));
    }

    [Fact]
    public void Header_names_are_case_insensitive_and_names_of_cookies_and_parameters_case_sensitive()
    {
        var request = Request("a");
        Assert.Equal(Of("header:X-Api-Key", request), Of("header:x-API-key", request));
        Assert.NotEqual(Of("cookie:session", request), Of("cookie:Session", request));
        Assert.NotEqual(Of("query:key", request), Of("query:Key", request));
    }

    [Theory]
    [InlineData("session=a", true)]
    [InlineData("x=1; session=a", true)]
    [InlineData("x=1;session=a;y=2", true)]
    [InlineData("session=a; session=b", true)]
    [InlineData("mysession=a", false)]
    [InlineData("session2=a; sessio=a", false)]
    [InlineData("session", false)]
    [InlineData("x=session=a", false)]
    public void The_first_cookie_with_the_name_is_used(string cookies, bool isA)
    {
        var request = Request();
        request.Request.Headers.Cookie = cookies;
        Assert.Equal(isA, Of("cookie:session", request) == Of("cookie:session", Request("a")));
    }

    [Theory]
    [InlineData("?key=a", true)]
    [InlineData("?%6bey=%61", true)]
    [InlineData("?x=1&key=a&key=b", true)]
    [InlineData("?key=b&key=a", false)]
    [InlineData("?monkey=a", false)]
    [InlineData("?key", false)]
    public void The_first_parameter_with_the_name_is_used_decoded(string query, bool isA)
    {
        var request = Request();
        request.Request.QueryString = new QueryString(query);
        Assert.Equal(isA, Of("query:key", request) == Of("query:key", Request("a")));
    }

    [Fact]
    public void Parts_of_a_key_are_unambiguous()
    {
        var one = Request();
        one.Request.Headers["A"] = "a";
        one.Request.Headers["B"] = "bc";
        var two = Request();
        two.Request.Headers["A"] = "ab";
        two.Request.Headers["B"] = "c";
        Assert.NotEqual(Of("header:A,header:B", one), Of("header:A,header:B", two));
        Assert.NotEqual(Of("header:A,header:B", one), Of("header:B,header:A", one));
    }

    [Fact]
    public void Host_and_path_are_parts_of_a_key()
    {
        Assert.NotEqual(Of("host", Request(), host: "a.example"), Of("host", Request(), host: "b.example"));
        Assert.NotEqual(Of("path", Request(), path: "/a"), Of("path", Request(), path: "/b"));
        Assert.NotEqual(Of("host,path", Request(), path: "/a"), Of("host,path", Request(), path: "/b"));
    }

    [Fact]
    public void A_value_longer_than_the_buffer_is_used_completely()
    {
        var value = new string('x', 20_000);
        Assert.Equal(Of("header:X-Api-Key,host", Request($"{value}a")), Of("header:X-Api-Key,host", Request($"{value}a")));
        Assert.NotEqual(Of("header:X-Api-Key,host", Request($"{value}a")), Of("header:X-Api-Key,host", Request($"{value}b")));
    }

    [Theory]
    [InlineData("client-ip")]
    [InlineData("client-ip,header:X-Api-Key,cookie:session,query:key,host,path")]
    public void Reading_a_key_does_not_allocate(string key)
    {
        var parts = Parts(key);
        var request = Request("a");
        Read();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
            Read();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Read() => RateLimitKeys.Read(parts, request, IPAddress.Loopback, "shop.example", "/");
    }

    private static RateLimitKey Of(string key, HttpContext request, string client = "192.0.2.1", string host = "shop.example", string path = "/") =>
        RateLimitKeys.Read(Parts(key), request, IPAddress.Parse(client), host, path);

    private static EquatableArray<RateLimitKeyPart> Parts(string key) =>
    [
        .. key.Split(',').Select(part => part.Split(':') switch
        {
            ["client-ip"] => RateLimitKeyPart.ClientIp,
            [var kind] => new RateLimitKeyPart(Enum.Parse<RateLimitKeyKind>(kind, ignoreCase: true)),
            [var kind, var name] => new RateLimitKeyPart(Enum.Parse<RateLimitKeyKind>(kind, ignoreCase: true), name),
            _ => throw new ArgumentException(part),
        }),
    ];

    /// <summary>A request with the value as header, cookie and parameter, or with none of them.</summary>
    private static DefaultHttpContext Request(string? value = null)
    {
        var context = new DefaultHttpContext();
        if (value is null)
            return context;
        context.Request.Headers["X-Api-Key"] = value;
        context.Request.Headers.Cookie = $"session={value}";
        context.Request.QueryString = new QueryString($"?key={value}");
        return context;
    }
}

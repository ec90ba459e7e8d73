using System.Buffers;
using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http.Features;

namespace IngressController.Explain;

/// <summary>A request to explain, as a client sends it for a URL.</summary>
internal sealed partial record ExplainRequest
{
    public required string Url { get; init; }

    public required string Scheme { get; init; }

    /// <summary>The host of the URL without port, which a TLS client sends as server name.</summary>
    public required string ServerName { get; init; }

    /// <summary>The path and query exactly as in the URL.</summary>
    public required string Target { get; init; }

    public required string Method { get; init; }

    /// <summary>The headers of the request, Host first.</summary>
    public required IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; }

    /// <summary>The IP address of the client.</summary>
    public required IPAddress Client { get; init; }

    public string Host => Headers[0].Value;

    /// <summary>Parses a request from command-line values.</summary>
    /// <param name="url">An absolute URL of http or https.</param>
    /// <param name="method">The method; null for GET.</param>
    /// <param name="headers">Headers as <c>Name: value</c>; Host replaces the host of the URL.</param>
    /// <param name="client">An IP address; null for 127.0.0.1.</param>
    /// <exception cref="FormatException">A value is invalid; the message is for people.</exception>
    public static ExplainRequest Parse(string url, string? method, IEnumerable<string> headers, string? client)
    {
        var (scheme, authority, target) = Split(url);
        var fields = headers.Select(ParseHeader).ToList();
        var hosts = fields.Where(field => field.Key.Equals("Host", StringComparison.OrdinalIgnoreCase)).ToArray();
        if (hosts.Length > 1)
            throw new FormatException("Host is given twice; such a request is answered 400");
        if (hosts.Length == 1 && !AuthorityPattern().IsMatch(hosts[0].Value))
            throw new FormatException($"\"{hosts[0].Value}\" is not a valid Host");
        var host = hosts.Length == 1 ? hosts[0].Value : WithoutDefaultPort(scheme, authority);
        return new ExplainRequest
        {
            Url = url,
            Scheme = scheme,
            ServerName = PortPattern().Replace(authority, ""),
            Target = target,
            Method = ParseMethod(method ?? "GET"),
            Headers = [KeyValuePair.Create("Host", host), .. fields.Except(hosts)],
            Client = client is null ? IPAddress.Loopback
                : IPAddress.TryParse(client, out var address) ? address : throw new FormatException($"client \"{client}\" is not an IP address"),
        };
    }

    /// <summary>Returns the request as Kestrel would pass it on. The response is discarded.</summary>
    public HttpContext ToHttpContext()
    {
        var context = new DefaultHttpContext();
        var request = context.Features.GetRequiredFeature<IHttpRequestFeature>();
        var mark = Target.IndexOf('?', StringComparison.Ordinal);
        var path = mark < 0 ? Target : Target[..mark];
        request.Protocol = "HTTP/1.1";
        request.Scheme = Scheme;
        request.Method = Method;
        request.RawTarget = Target;
        request.QueryString = mark < 0 ? "" : Target[mark..];
        // As Kestrel decodes it: an encoded slash stays encoded.
        request.Path = Uri.UnescapeDataString(path.Replace("%2f", "%252F", StringComparison.OrdinalIgnoreCase));
        foreach (var (name, value) in Headers)
            context.Request.Headers.Append(name, value);
        context.Connection.RemoteIpAddress = Client;
        return context;
    }

    private static (string Scheme, string Authority, string Target) Split(string url)
    {
        if (url.AsSpan().ContainsAnyExceptInRange('!', '~'))
            throw new FormatException("the URL contains a character that must be percent-encoded: a space, a control character or one outside ASCII");
        var match = UrlPattern().Match(url);
        if (!match.Success)
            throw new FormatException($"\"{url}\" is not an absolute URL; write http://HOST/PATH or https://HOST/PATH");
        var authority = match.Groups["authority"].Value;
        if (authority.Contains('@', StringComparison.Ordinal))
            throw new FormatException("the URL contains a user name, which clients do not send in the URL; use a header: --header 'Authorization: Basic ...'");
        if (!AuthorityPattern().IsMatch(authority))
            throw new FormatException($"\"{authority}\" is not a host with an optional port");
        var target = match.Groups["target"].Value;
        return (match.Groups["scheme"].Value.ToLowerInvariant(), authority, target.StartsWith('/') ? target : $"/{target}");
    }

    private static string WithoutDefaultPort(string scheme, string authority)
    {
        var port = scheme == "https" ? ":443" : ":80";
        return authority.EndsWith(port, StringComparison.Ordinal) ? authority[..^port.Length] : authority;
    }

    private static string ParseMethod(string method)
    {
        if (!HttpToken.IsToken(method))
            throw new FormatException($"\"{method}\" is not a method");
        return method == "CONNECT" ? throw new FormatException("CONNECT opens a tunnel and has no URL; use another method") : method;
    }

    private static KeyValuePair<string, string> ParseHeader(string header)
    {
        var colon = header.IndexOf(':', StringComparison.Ordinal);
        var name = colon < 0 ? header : header[..colon];
        if (colon <= 0 || !HttpToken.IsToken(name))
            throw new FormatException($"header \"{header}\" is not of the form NAME:VALUE");
        var value = header[(colon + 1)..].Trim();
        return value.Any(c => c is < ' ' and not '\t' or '\x7F' or > '\xFF')
            ? throw new FormatException($"the value of header {name} contains a character that header fields cannot contain")
            : KeyValuePair.Create(name, value);
    }

    /// <summary>Matches an absolute URL. Its fragment is ignored, because clients do not send it.</summary>
    [GeneratedRegex(@"^(?<scheme>https?)://(?<authority>[^/?#]*)(?<target>[^#]*)(#.*)?\z", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex UrlPattern();

    [GeneratedRegex(@"^([A-Za-z0-9._~!$&'()*+,;=%-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex AuthorityPattern();

    [GeneratedRegex(@":[0-9]+\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex PortPattern();
}

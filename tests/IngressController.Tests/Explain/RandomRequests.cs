using System.Globalization;
using System.Text;
using IngressController.Http;

namespace IngressController.Tests.Explain;

/// <summary>A request that a client could send.</summary>
internal sealed record RandomRequest(string Method, string Scheme, string Host, string Target, string[] Fields, string Body)
{
    public string Url => $"{Scheme}://{Host}{Target}";

    /// <summary>The bytes of the request as text.</summary>
    public string Wire => $"{Method} {Target} HTTP/1.1\r\nHost: {Host}\r\n{string.Concat(Fields.Select(line => $"{line}\r\n"))}\r\n{Body}";

    public override string ToString() => $"{Method} {Url} {string.Join(" | ", Fields)}";
}

/// <summary>Generates requests that match, nearly match and do not match the rules of a cluster, from a seed.</summary>
internal sealed class RandomRequests(int seed, (string Host, string[] Paths)[] rules)
{
    private static readonly string[] Methods = ["GET", "GET", "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "PROPFIND"];

    private static readonly string[] Queries = ["", "", "", "?", "?a=b", "?a=b&a=c%20d", "?next=//evil.example/", "?a=|\"<>", "?x=/../y"];

    private static readonly string[] Segments = ["x", "api", "..", ".", "", "%2e%2e", "%2E", "..;a", "a;b=c", "v%31", "x%2Fy", "caf%C3%A9", "$1", "(x)", "a+b", "X"];

    private static readonly string[] Broken = ["%", "%zz", "%00", "\\", "%5c", "/../../..", "%0d%0aX:y"];

    private static readonly string[] Fields =
    [
        "Accept: application/json", "Origin: https://shop.example", "Origin: https://evil.example", "Access-Control-Request-Method: POST",
        // The password of policies.yaml. Only a verification detects a wrong one, and a dry run does not verify passwords.
        "Authorization: Basic dXNlcjpwYXNz", "Authorization: Bearer x", "X-Forwarded-For: 203.0.113.9",
        "X-Forwarded-Proto: https", "X-Forwarded-Host: evil.example", "X-Real-IP: 203.0.113.9", "Cookie: a=b; session=c", "User-Agent: test",
        "Referer: https://evil.example/", "Connection: close", "Transfer-Encoding: gzip", "X_Under_Score: 1",
        $"{LoopGuard.Header}: {string.Join(", ", Enumerable.Repeat(LoopGuard.CdnId, 12))}",
    ];

    private readonly Random _random = new(seed);

    private readonly string[] _paths = [.. rules.SelectMany(rule => rule.Paths).Distinct()];

    public RandomRequest Next()
    {
        var method = Pick(Methods);
        var fields = Enumerable.Range(0, _random.Next(4)).Select(_ => Pick(Fields)).DistinctBy(field => field.Split(':')[0]).ToList();
        var body = "";
        if (method is "POST" or "PUT" or "PATCH" && !fields.Exists(field => field.StartsWith("Transfer-Encoding", StringComparison.Ordinal)))
        {
            body = new string('b', Pick([0, 3, 1_024, 1_025, 5_000]));
            fields.Add(string.Create(CultureInfo.InvariantCulture, $"Content-Length: {body.Length}"));
        }

        var (host, paths) = Pick(rules);
        return new RandomRequest(
            method, Chance(4) ? "https" : "http", Host(host), Path(Chance(5) ? Pick(_paths) : Pick(paths)) + Pick(Queries), [.. fields], body);
    }

    private string Host(string ofRule)
    {
        var host = Chance(12) ? Pick(["unknown.example", "localhost", "127.0.0.1", "[::1]", "example", "alias.example", "www.bare.example", "www.named.example", "x.named.example", "named7.example"]) : ofRule;
        host = host.Replace("*", Pick(["blue", "deep.blue", "own", "x-1"]), StringComparison.Ordinal);
        if (Chance(10))
            host = host.ToUpperInvariant();
        if (Chance(15) && char.IsLetter(host[^1]))
            host += ".";
        return Chance(8) ? $"{host}:8080" : host;
    }

    private string Path(string ofRule)
    {
        // Mostly a text that the pattern matches, because a pattern rarely matches itself.
        var text = Chance(6) ? ofRule : ofRule.Replace("(/|$)(.*)", Pick(["", "/", "/rest/of"]), StringComparison.Ordinal)
            .Replace("(a|api)", Pick(["a", "api"]), StringComparison.Ordinal)
            .Replace("[a-z]+/?$", Pick(["abc", "abc/", "abc/d"]), StringComparison.Ordinal)
            .Replace("(v1|api)/((x)|y)", Pick(["v1/x", "api/y", "v1"]), StringComparison.Ordinal);
        var path = new StringBuilder(Encode(text));
        for (var changes = _random.Next(3); changes > 0; changes--)
            Change(path);
        return path.ToString();
    }

    private void Change(StringBuilder path)
    {
        switch (_random.Next(9))
        {
            case 0:
                path.Append('/');
                break;
            case 1:
                path.Append('/').Append(Pick(Segments));
                break;
            case 2:
                path.Insert(0, $"/{Pick(Segments)}");
                break;
            case 3:
                path.Append(Pick(["x", "-", "%20", ";v=1", ".html"]));
                break;
            case 4:
                Replace(path, "/", Pick(["//", "/./", "/x/../", "///", "%2f", "/%2e/"]));
                break;
            case 5:
                EncodeOne(path);
                break;
            case 6 when path.Length > 2:
                path.Length--;
                break;
            case 7 when Chance(3):
                path.Append(Pick(Broken));
                break;
            default:
                Replace(path, "a", Pick(["A", "%61"]));
                break;
        }
    }

    private void EncodeOne(StringBuilder path)
    {
        var at = _random.Next(1, Math.Max(2, path.Length));
        // Not within an existing escape.
        if (at < path.Length && char.IsAsciiLetter(path[at]) && path[at - 1] != '%' && (at < 2 || path[at - 2] != '%'))
        {
            var escape = string.Create(CultureInfo.InvariantCulture, $"%{(int)path[at]:x2}");
            path.Remove(at, 1).Insert(at, escape);
        }
    }

    private void Replace(StringBuilder path, string what, string by)
    {
        var text = path.ToString();
        var places = Enumerable.Range(1, Math.Max(0, text.Length - 1)).Where(i => text.AsSpan(i).StartsWith(what)).ToArray();
        if (places.Length == 0)
            return;
        var place = Pick(places);
        path.Remove(place, what.Length).Insert(place, by);
    }

    private static string Encode(string path)
    {
        var encoded = new StringBuilder();
        foreach (var octet in Encoding.UTF8.GetBytes(path))
        {
            if (octet is > 0x20 and < 0x7F and not (byte)'?' and not (byte)'#')
                encoded.Append((char)octet);
            else
                encoded.Append(CultureInfo.InvariantCulture, $"%{octet:X2}");
        }

        return encoded.ToString();
    }

    private bool Chance(int oneIn) => _random.Next(oneIn) == 0;

    private T Pick<T>(T[] values) => values[_random.Next(values.Length)];
}

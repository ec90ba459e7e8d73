using IngressController.Http;
using IngressController.Overload;
using IngressController.Pipeline;
using IngressController.Routing.Features.Compression;
using Microsoft.Net.Http.Headers;

namespace IngressController.Features.Compression;

/// <summary>compression, use-gzip and enable-brotli: compresses the bodies of responses.</summary>
internal sealed class CompressionChange(CompressionPolicy policy, CompressorBudget budget) : ResponseChange
{
    /// <summary>Fields about the bytes of the body, which would no longer be true.</summary>
    private static readonly string[] Digests = [HeaderNames.ContentMD5, "Content-Digest", "Repr-Digest", "Digest"];

    public override bool EncodesBody => true;

    public static CompressionChange? Create(PlanContext context) =>
        context.Policy<CompressionPolicy>() is { } policy ? new CompressionChange(policy, context.Service<CompressorBudget>()) : null;

    public static void AddServices(IServiceCollection services) =>
        services.AddSingleton(provider => CompressorBudget.Of(provider.GetRequiredService<MachineLimits>()));

    public override void Apply(ProxyRequest request, bool isLocal)
    {
        var context = request.Context;
        var (response, headers) = (context.Response, context.Response.Headers);
        if (isLocal)
            return;
        if (response.StatusCode == StatusCodes.Status304NotModified)
        {
            WeakenValidator(context);
            return;
        }

        if (!CanChange(response))
            return;
        var accepted = AcceptEncoding.Parse(context.Request.Headers.AcceptEncoding);
        var gzip = Suits(policy.Gzip, headers, accepted.ForbidsIdentity);
        var brotli = Suits(policy.Brotli, headers, accepted.ForbidsIdentity);
        if (!gzip && !brotli)
            return;
        // Also if this client gets it as it is: a cache must not serve that to another one.
        VaryField.Add(headers, HeaderNames.AcceptEncoding);
        if (HttpProtocol.IsHttp10(context.Request.Protocol) || context.Request.Headers.Range.Count > 0)
            return;
        var (coding, level) = Choose(accepted, gzip, brotli);
        if (coding != Codings.None)
            Compress(request, coding, level);
    }

    private void Compress(ProxyRequest request, Codings coding, int level)
    {
        var context = request.Context;
        var headers = context.Response.Headers;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            var cost = coding == Codings.Gzip ? GzipCompressor.Cost : BrotliCompressor.CostOf(level);
            if (!budget.TryTake(cost))
                return;
            request.Encoding = new CompressedBody(context, coding == Codings.Gzip ? new GzipCompressor(level) : new BrotliCompressor(level), budget, cost);
        }

        headers.ContentLength = null;
        headers.ContentEncoding = coding == Codings.Gzip ? "gzip" : "br";
        headers.Remove(HeaderNames.AcceptRanges);
        if (headers.ETag is [['"', ..] tag])
            headers.ETag = $"W/{tag}";
    }

    /// <summary>The acceptable coding that the client prefers; None if that is no coding.</summary>
    private (Codings Coding, int Level) Choose(AcceptEncoding accepted, bool gzip, bool brotli)
    {
        var gzipWeight = gzip ? accepted.Gzip : 0;
        var brotliWeight = brotli ? accepted.Brotli : 0;
        var best = Math.Max(gzipWeight, brotliWeight);
        if (best == 0 || best < accepted.Identity)
            return (Codings.None, 0);
        return brotliWeight >= gzipWeight ? (Codings.Brotli, policy.Brotli!.Level) : (Codings.Gzip, policy.Gzip!.Level);
    }

    private static bool Suits(CodingPolicy? coding, IHeaderDictionary headers, bool ignoresLength) =>
        coding is not null && (ignoresLength || headers.ContentLength is not { } length || length >= coding.MinLength) && coding.Types.Contains(headers.ContentType.ToString());

    /// <summary>True if the body of a response may be another one.</summary>
    private static bool CanChange(HttpResponse response)
    {
        var headers = response.Headers;
        return response.StatusCode is >= StatusCodes.Status200OK and not (StatusCodes.Status204NoContent or StatusCodes.Status205ResetContent or StatusCodes.Status206PartialContent)
            && headers.ContentLength is not 0 && headers.ContentEncoding.Count == 0 && headers.ContentRange.Count == 0
            && !headers.CacheControl.ToString().Contains("no-transform", StringComparison.OrdinalIgnoreCase)
            && Array.TrueForAll(Digests, name => !headers.ContainsKey(name));
    }

    /// <summary>The client asks about a compressed response, whose validator is the weak one (RFC 9110, 15.4.5).</summary>
    private static void WeakenValidator(HttpContext context)
    {
        var headers = context.Response.Headers;
        if (headers.ETag is not [['"', ..] tag] || !context.Request.Headers.IfNoneMatch.ToString().Contains($"W/{tag}", StringComparison.Ordinal))
            return;
        headers.ETag = $"W/{tag}";
        VaryField.Add(headers, HeaderNames.AcceptEncoding);
    }
}

using System.Text;
using IngressController.Sources.Folder;

namespace IngressController.Cli;

/// <summary>Rewrites manifests for <c>lint --fix</c>.</summary>
internal static class LintFixes
{
    private const char ByteOrderMark = '\uFEFF';

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Rewrites the files in which something can be fixed, and says what on standard error. The others are not touched.</summary>
    public static async Task ApplyAsync(IEnumerable<string> paths, Terminal terminal, CancellationToken cancellation)
    {
        foreach (var file in paths.SelectMany(path => Directory.Exists(path) ? ManifestFiles.In(path).Paths : [path]).DistinctBy(Path.GetFullPath))
        {
            try
            {
                var text = Utf8.GetString(await File.ReadAllBytesAsync(file, cancellation));
                var mark = text is [ByteOrderMark, ..] ? text[..1] : "";
                var (result, count) = OldIngressFix.Apply(text[mark.Length..]);
                if (count == 0 || UnreadableIn(result) > UnreadableIn(text))
                    continue;
                await File.WriteAllBytesAsync(file, Utf8.GetBytes(mark + result), cancellation);
                await terminal.Error.WriteLineAsync($"{file}: {count} {(count == 1 ? "Ingress is" : "Ingresses are")} rewritten as {OldIngressFix.NewVersion}");
            }
            catch (DecoderFallbackException)
            {
                // Reported as unreadable when it is checked.
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                await terminal.WriteErrorAsync($"{file} cannot be rewritten: {error.Message}");
            }
        }
    }

    private static int UnreadableIn(string text) => Manifest.Read("", new StringReader(text)).Problems.Count(problem => problem.HidesAnyObject);
}

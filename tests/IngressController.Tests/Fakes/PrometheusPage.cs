using System.Globalization;
using System.Text.RegularExpressions;

namespace IngressController.Tests.Fakes;

/// <summary>One sample of a page of metrics, its labels unescaped.</summary>
internal sealed record PrometheusSample(string Name, IReadOnlyDictionary<string, string> Labels, double Value)
{
    public string LabelsWithout(string label) =>
        string.Join(",", Labels.Where(entry => entry.Key != label).OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => $"{entry.Key}={entry.Value}"));
}

/// <summary>
/// A strict reader of the text exposition format 0.0.4: HELP and TYPE once per family and before its samples, families not mixed,
/// no series twice, histograms whose buckets grow up to their count.
/// </summary>
internal static partial class PrometheusPage
{
    private static readonly string[] Types = ["counter", "gauge", "histogram"];

    public static IReadOnlyList<PrometheusSample> Parse(string text)
    {
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain('\r', text);
        var types = new Dictionary<string, string>(StringComparer.Ordinal);
        var samples = new List<PrometheusSample>();
        string? family = null, helped = null;
        foreach (var line in text[..^1].Split('\n'))
        {
            if (Comment().Match(line) is { Success: true } comment)
            {
                var (word, name, rest) = (comment.Groups[1].Value, comment.Groups[2].Value, comment.Groups[3].Value);
                if (word == "HELP")
                {
                    Assert.False(types.ContainsKey(name), $"HELP of {name} comes twice");
                    helped = name;
                    continue;
                }

                Assert.Equal(helped, name);
                Assert.Contains(rest, Types);
                Assert.True(types.TryAdd(name, rest), $"TYPE of {name} comes twice");
                family = name;
                continue;
            }

            var sample = ParseSample(line);
            Assert.True(family is not null && IsOf(sample.Name, family, types[family]), $"{sample.Name} stands outside of its family");
            samples.Add(sample);
        }

        Assert.Empty(samples.GroupBy(sample => $"{sample.Name}{{{sample.LabelsWithout("")}}}").Where(series => series.Count() > 1).Select(series => series.Key));
        foreach (var histogram in types.Where(type => type.Value == "histogram").Select(type => type.Key))
            CheckHistogram(histogram, samples);
        return samples;
    }

    private static PrometheusSample ParseSample(string line)
    {
        var match = Sample().Match(line);
        Assert.True(match.Success, $"no sample: {line}");
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        var at = 0;
        var text = match.Groups[2].Value;
        while (at < text.Length)
        {
            var label = Label().Match(text, at);
            Assert.True(label.Success && label.Index == at, $"no label at {at}: {line}");
            labels.Add(label.Groups[1].Value, Regex.Unescape(label.Groups[2].Value));
            at += label.Length;
        }

        return new PrometheusSample(match.Groups[1].Value, labels, match.Groups[3].Value switch
        {
            "+Inf" => double.PositiveInfinity,
            var number => double.Parse(number, NumberStyles.Float, CultureInfo.InvariantCulture),
        });
    }

    private static bool IsOf(string sample, string family, string type) =>
        type == "histogram" ? sample == $"{family}_bucket" || sample == $"{family}_sum" || sample == $"{family}_count" : sample == family;

    private static void CheckHistogram(string name, List<PrometheusSample> samples)
    {
        foreach (var series in samples.Where(sample => sample.Name == $"{name}_bucket").GroupBy(sample => sample.LabelsWithout("le")))
        {
            var buckets = series.ToArray();
            var bounds = buckets.Select(bucket => bucket.Labels["le"] == "+Inf" ? double.PositiveInfinity : double.Parse(bucket.Labels["le"], CultureInfo.InvariantCulture)).ToArray();
            Assert.Equal(bounds.Order(), bounds);
            Assert.Equal(buckets.Select(bucket => bucket.Value).Order(), buckets.Select(bucket => bucket.Value));
            Assert.Equal(double.PositiveInfinity, bounds[^1]);
            Assert.Equal(buckets[^1].Value, Single("count").Value);
            Assert.True(Single("sum").Value >= 0);

            PrometheusSample Single(string suffix) =>
                Assert.Single(samples, sample => sample.Name == $"{name}_{suffix}" && sample.LabelsWithout("") == series.Key);
        }
    }

    [GeneratedRegex(@"^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$")]
    private static partial Regex Comment();

    [GeneratedRegex("""^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[^"\\}]|"(?:[^"\\]|\\["\\n])*")+)\})? (\+Inf|NaN|[-+0-9.eE]+)$""")]
    private static partial Regex Sample();

    [GeneratedRegex("""([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\["\\n])*)"(?:,(?!$)|$)""")]
    private static partial Regex Label();
}

using System.Globalization;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace IngressController.Kubernetes.Serialization;

/// <summary>The types of plain scalars, as in the Kubernetes reader.</summary>
internal static class YamlScalars
{
    public static JsonValue? ToJson(Scalar scalar)
    {
        var text = scalar.Value;
        if (scalar.Style != ScalarStyle.Plain || scalar is { Tag: { IsEmpty: false, Value: "tag:yaml.org,2002:str" or "!" } })
            return JsonValue.Create(text);

        return text switch
        {
            "" or "~" or "null" or "Null" or "NULL" => null,
            // YAML 1.1, as in the Kubernetes reader.
            "yes" or "Yes" or "YES" or "on" or "On" or "ON" => JsonValue.Create(true),
            "no" or "No" or "NO" or "off" or "Off" or "OFF" => JsonValue.Create(false),
            "true" or "True" or "TRUE" => JsonValue.Create(true),
            "false" or "False" or "FALSE" => JsonValue.Create(false),
            _ when IsNumberStart(text) && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var integer) =>
                JsonValue.Create(integer),
            _ when IsNumberStart(text) && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
                && double.IsFinite(number) => JsonValue.Create(number),
            _ => JsonValue.Create(text),
        };
    }

    private static bool IsNumberStart(string text) => text[0] is (>= '0' and <= '9') or '-' or '+' or '.';
}

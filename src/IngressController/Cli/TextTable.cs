using System.Text;

namespace IngressController.Cli;

/// <summary>Formats rows of cells for the terminal: each column is as wide as its widest cell, with two spaces in between.</summary>
internal static class TextTable
{
    public static string Format(IReadOnlyList<string[]> rows, string indent = "")
    {
        var widths = Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length)).ToArray();
        var text = new StringBuilder();
        foreach (var row in rows)
            text.AppendLine($"{indent}{string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column])))}".TrimEnd());
        return text.ToString();
    }

    /// <summary>Truncates the text of a cell to a maximum width.</summary>
    public static string Cell(string text, int maxWidth) => text.Length <= maxWidth ? text : $"{text[..(maxWidth - 3)]}...";

    /// <summary>Wraps a paragraph into lines of at most <paramref name="width"/> characters. A longer word gets its own line.</summary>
    public static string Wrap(string text, int width, string indent)
    {
        var lines = new StringBuilder();
        var line = new StringBuilder();
        foreach (var word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > width)
            {
                lines.Append(indent).Append(line).AppendLine();
                line.Clear();
            }

            line.Append(line.Length > 0 ? " " : "").Append(word);
        }

        return lines.Append(indent).Append(line).AppendLine().ToString();
    }
}

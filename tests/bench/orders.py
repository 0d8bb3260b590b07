# SPDX-License-Identifier: Apache-2.0
"""Live hotline orders as the door writes them to `raw`: bytes, key, one header. Seeded; the texts are
made of a few hundred Chinese phrases so that they pack as real ones do (zstd about 4 times)."""
import csv
import hashlib
import json
import random
import time

PHRASES = (
    "小区 楼道 堆放 杂物 无人 清理 夜间 施工 噪音 扰民 路灯 不亮 井盖 破损 积水 严重 暖气 不热 电梯 停运 "
    "物业 推诿 多次 反映 未果 居民 希望 尽快 解决 请 相关 部门 核实 回复 道路 坑洼 停车 占道 消防 通道 "
    "被 占用 垃圾 清运 不及时 污水 外溢 异味 影响 生活 老人 出行 不便 群租 安全 隐患 违建 拆除 进度 缓慢 "
    "商户 油烟 排放 菜市场 食品 过期 退款 纠纷 幼儿园 入园 医保 报销 咨询 社区 卫生站 预约 挂号 公交 站牌 "
    "改道 树木 修剪 倒伏 风险 供水 压力 不足 天然气 改造 宽带 断网 快递 柜 收费 不合理").split()
KINDS = ("咨询", "求助", "投诉", "举报", "建议")


def rows_of(path):
    with open(path, encoding="utf-8") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


class Orders:
    def __init__(self, config, seed=12345):
        self.random = random.Random(seed)
        self.types = [r["code"] for r in rows_of(config / "registries/request_types.csv") if "0" in r["code"][3:]]
        self.weights = [1 / (rank + 1) ** 1.1 for rank in range(len(self.types))]
        self.places = [(r["code"], r["parent_code"]) for r in rows_of(config / "registries/divisions.csv")
                       if r["level"] == "community"]
        self.now = time.time()

    def one(self, number):
        pick = self.random
        community, street = pick.choice(self.places)
        words = pick.choices(PHRASES, k=pick.randint(20, 60))
        words[7::8] = ["%s," % word for word in words[7::8]]
        received = self.now - pick.uniform(60, 20 * 3600)
        return {
            "工单编号": "ZX%s%08d" % (time.strftime("%Y%m%d", time.localtime(self.now)), number),
            "来电人": pick.choice("王李张刘陈杨赵黄周吴") + pick.choice(("先生", "女士")),
            "来电号码": "138%08d" % pick.randrange(10 ** 8),
            "诉求性质": pick.choice(KINDS),
            "问题分类": pick.choices(self.types, self.weights)[0],
            "反映社区": community,
            "反映街乡": street,
            "受理时间": time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(received + 8 * 3600)),
            "更新时间": time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(received + 8 * 3600)),
            "主要内容": "".join(words) + "。",
            "办理要求": "请于规定时限内联系来电人并回复办理结果",
        }

    def records(self, count, rows_an_upload=500):
        """(key, value, header `cb`): uploads of a few hundred rows, from a dozen stations' spreads."""
        upload, offset, stamp = "", 0, int(self.now * 1000)
        for n in range(count):
            row = n % rows_an_upload + 1
            if row == 1:
                upload, offset = hashlib.sha256(b"%d" % n).hexdigest()[:22], 0
            value = json.dumps(self.one(n), ensure_ascii=False, separators=(",", ":")).encode()
            header = {"v": 1, "feed": "hotline", "mapping": 1, "upload": upload, "row": row, "rows": 0,
                      "offset": offset, "received": stamp + n // 100, "ctype": "application/x-ndjson; charset=utf-8",
                      "verdict": "none"}
            yield b"hotline#%d" % (n % 64), value, json.dumps(header, separators=(",", ":")).encode()
            offset += len(value) + 1


def main():
    """orders.py COUNT: lines for core_cost."""
    import sys
    from pathlib import Path
    config = Path(__file__).resolve().parents[2] / "config"
    for _, value, header in Orders(config).records(int(sys.argv[1])):
        sys.stdout.buffer.write(header + b"\t" + value + b"\n")


if __name__ == "__main__":
    main()
